import type { JielongPerson } from './jielong'
import type { GroupBuy } from './types'

import type { Answer } from '@/api/http'
import { formatFen } from '@/utils/money'

export type ProxyOutcome = Answer<'/api/leader/group-buys/{group_buy_id}/proxy-orders', 'post'>[number]
export type ProxyOrder = Answer<'/api/leader/group-buys/{group_buy_id}/proxy-orders', 'get'>[number]

/** Neighbours of one request; the server takes a hundred. */
export const AT_ONCE = 50

export interface ProxyPlace {
  readonly province: string
  readonly city: string
  readonly district: string
  readonly detail: string
}

/** What the leader is about to order for one neighbour. `number` 0 is somebody new, else pieces for that 跟团号. */
export interface ProxyWish {
  readonly name: string
  readonly building: string
  readonly unit: string
  readonly room: string
  readonly phone: string
  /** Where a parcel goes; null: picked up. */
  readonly place: ProxyPlace | null
  /** The name on the parcel, where it is not the chat's. */
  readonly recipient?: string
  readonly lines: readonly { readonly offer_id: string; readonly quantity: number }[]
  readonly remark: string
  readonly number: number
  readonly seen: number
  readonly paid: boolean
  readonly totalFen: number
}

/** Price in fen by offer id. */
export type Prices = ReadonlyMap<string, number>

/** `3-2-502` → 3号楼, 2单元, 502; what is no such door stays together as the room. */
export function doorOf(text: string): { building: string; unit: string; room: string } {
  const parts = text.split('-').map((part) => part.trim())
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !part)) return { building: '', unit: '', room: text.trim() }
  const [building = '', ...rest] = parts
  const room = rest.pop() ?? ''
  const unit = rest[0] ?? ''
  const named = (part: string, word: string): string => (/^[0-9A-Za-z]+$/.test(part) ? part + word : part)
  return { building: named(building, '号楼'), unit: named(unit, '单元'), room }
}

/** What this person wants beyond what is booked, or null where it is not simply more: then the leader looks at the orders. */
export function missingOf(person: JielongPerson): { offer_id: string; quantity: number }[] | null {
  if (person.cancelled || !['new', 'changed'].includes(person.mark) || person.numbers.length > 1) return null
  const left = new Map(person.wanted.map((one) => [one.offer_id, one.quantity]))
  for (const one of person.booked) left.set(one.offer_id, (left.get(one.offer_id) ?? 0) - one.quantity)
  const lines = [...left].map(([offer_id, quantity]) => ({ offer_id, quantity }))
  if (lines.some((one) => one.quantity < 0)) return null
  const more = lines.filter((one) => one.quantity > 0)
  return more.length ? more : null
}

/** The order a reading asks for, or null where nothing can be ordered by itself. */
export function wishOf(person: JielongPerson, prices: Prices): ProxyWish | null {
  const lines = missingOf(person)
  if (!lines || !person.name) return null
  return {
    name: person.name.slice(0, 40),
    ...doorOf(person.room),
    phone: '',
    place: null,
    lines,
    remark: person.notes.join('；').slice(0, 200),
    number: person.numbers[0] ?? 0,
    seen: person.numbers.length ? person.seen : 0,
    paid: false,
    totalFen: totalOf(lines, prices),
  }
}

export function totalOf(lines: ProxyWish['lines'], prices: Prices): number {
  return lines.reduce((sum, one) => sum + (prices.get(one.offer_id) ?? 0) * one.quantity, 0)
}

export function namesOf(group: GroupBuy): Map<string, string> {
  return new Map(group.offers.map((one) => [one.id, `${one.title} ${one.sku_name}`.trim()]))
}

export function pricesOf(group: GroupBuy): Map<string, number> {
  return new Map(group.offers.map((one) => [one.id, one.price_fen]))
}

export function goodsText(lines: ProxyWish['lines'], names: ReadonlyMap<string, string>): string {
  return lines.map((one) => `${names.get(one.offer_id) ?? ''} ×${one.quantity}`).join('、')
}

/** The wish in the words of the request. */
export function sent(wish: ProxyWish) {
  const { totalFen, phone, ...rest } = wish
  return { ...rest, lines: [...rest.lines], phone: phone || null, recipient: wish.recipient ?? '', expected_total_fen: totalFen }
}

/** Where the wish goes: the door, or the whole address. */
export function whereOf(wish: ProxyWish): string {
  const { province, city, district, detail } = wish.place ?? { province: '', city: '', district: '', detail: '' }
  const parcel = wish.place ? [wish.recipient, wish.phone] : []
  return [...parcel, ...new Set([province, city]), district, detail, wish.building, wish.unit, wish.room].filter(Boolean).join(' ')
}

interface Linked {
  readonly name: string
  readonly number: number
  readonly total_fen: number
  readonly payment: string
  readonly link: string
}

/** Everybody who has to pay, with their links, as one text for the group; '' when nobody has. */
export function linksText(title: string, rows: readonly Linked[]): string {
  const due = rows.filter((one) => one.link && one.payment === 'unpaid')
  if (!due.length) return ''
  return [title, ...due.map((one) => `#${one.number} ${one.name} ${formatFen(one.total_fen)}\n${one.link}`)].join('\n')
}

/** Orders nobody has paid, by 跟团号. */
export function unpaidByNumber(orders: readonly ProxyOrder[]): Map<number, ProxyOrder[]> {
  const found = new Map<number, ProxyOrder[]>()
  for (const one of orders) if (one.payment === 'unpaid') found.set(one.number, [...(found.get(one.number) ?? []), one])
  return found
}

/** The name a line of the chat begins with, behind its number: a first guess the leader may change. */
export function nameIn(line: string): string {
  const rest = line.trim().replace(/^\d+\s*[.、．)）:：]?\s*/, '')
  return (rest.split(/[\s:：,，+]/)[0] ?? '').slice(0, 40)
}
