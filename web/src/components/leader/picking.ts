import type { Answer } from '@/api/http'

/** What the lists of one sale answer. */
export type Picking = Answer<'/api/leader/group-buys/{group_buy_id}/picking', 'get'>
export type Bag = Answer<'/api/leader/group-buys/{group_buy_id}/picking/bags', 'get'>['bags'][number]
export type Scope = 'left' | 'all'
export type PrintWhat = 'goods' | 'places' | 'buildings' | 'bags' | 'labels'
export type PrintSize = 'a4' | '60x40' | '76x130'

/** Bags in one file; the server refuses more. */
export const MOST_BAGS = 5000

export interface PrintWish {
  readonly what: PrintWhat
  readonly size: PrintSize
  /** A pick-up point's id, "0" for the courier, empty for all. */
  readonly place: string
  readonly first: string
  readonly last: string
}

/** Why this can't be printed, or empty. `bags` is how many bags the chosen place has. */
export function printTrouble(wish: PrintWish, bags: number): '' | 'numbers' | 'many' {
  const numbers = [wish.first, wish.last].filter((text) => text !== '')
  if (numbers.some((text) => !/^[1-9]\d{0,8}$/.test(text))) return 'numbers'
  if (numbers.length === 2 && Number(wish.first) > Number(wish.last)) return 'numbers'
  const listed = wish.what === 'bags' || wish.what === 'labels'
  const wanted = numbers.length === 2 ? Math.min(bags, Number(wish.last) - Number(wish.first) + 1) : bags
  return listed && wanted > MOST_BAGS ? 'many' : ''
}

/** Where the file of this wish is. */
export function printPath(groupBuyId: string, scope: Scope, wish: PrintWish): string {
  const { what, size, place, first, last } = wish
  const query = Object.entries({ scope, what, size: what === 'labels' ? size : 'a4', place, first, last })
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${value}`)
  return `/api/leader/group-buys/${groupBuyId}/picking.pdf?${query.join('&')}`
}
