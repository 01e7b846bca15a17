import type { Share } from './types'

import { webUrl } from '@/platform/browser'

/** What one chat group brought, over all the ways it was shared there. */
export interface LabelResult {
  readonly label: string
  readonly opens: number
  readonly orders: number
  readonly paid: number
  /** The ways somebody came by; only told when there is more than one. */
  readonly parts: readonly Share[]
}

/** The labels of the shares, oldest first, without the nameless one. */
export function labelsOf(shares: readonly Share[]): string[] {
  const oldestFirst = [...shares].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at))
  return [...new Set(oldestFirst.map((share) => share.label).filter(Boolean))]
}

/** Numbers by label, most orders first. */
export function resultsOf(shares: readonly Share[]): LabelResult[] {
  const total = (own: readonly Share[], key: 'opens' | 'orders' | 'paid_orders'): number => own.reduce((sum, share) => sum + share[key], 0)
  return ['', ...labelsOf(shares)]
    .map((label) => {
      const own = shares.filter((share) => share.label === label)
      const used = own.filter((share) => share.opens > 0 || share.orders > 0)
      return { label, opens: total(own, 'opens'), orders: total(own, 'orders'), paid: total(own, 'paid_orders'), parts: used.length > 1 ? used : [] }
    })
    .filter((row) => row.label !== '' || shares.some((share) => share.label === ''))
    .sort((a, b) => b.orders - a.orders || b.opens - a.opens)
}

/** The same picture through the address in use: the shop's public name may differ from the one this phone came by. */
export function ownPicture(url: string): string {
  return webUrl(url.replace(/^https?:\/\/[^/]+/, ''))
}
