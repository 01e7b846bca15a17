import type { GroupDraft, OfferDraft } from './group-draft'

import type { components } from '@/api/schema'
import { t } from '@/i18n'
import { formatFen } from '@/utils/money'

type Schemas = components['schemas']
export type SaleLimits = Schemas['SaleLimits']
export type OfferLimits = Schemas['OfferLimits']

const SALE: SaleLimits = { categories: [], most_orders: 0, most_pieces: 0, most_fen: 0, audience: 'all', member_tags: [], self_cancel: 'before_shipping', waiting_minutes: 0, unlisted: false, hide_sold: false, by_household: false }
const OFFER: OfferLimits = { category: '', least: 0, step: 0, per_household: 0, flash: null, ships_on: null }
const MOST_CATEGORIES = 12
const LONGEST = 10

/** The limits of a sale; every field is there. */
export function saleLimits(draft: GroupDraft): SaleLimits {
  return { ...SALE, ...draft.options.limits }
}

/** The draft's options with other limits. */
export function withSale(draft: GroupDraft, part: Partial<SaleLimits>): Pick<GroupDraft, 'options'> {
  return { options: { ...draft.options, limits: { ...saleLimits(draft), ...part } } }
}

/** The limits of one offer; every field is there. */
export function offerLimits(offer: OfferDraft): OfferLimits {
  return { ...OFFER, ...offer.options.limits }
}

/** The offers with other limits for one of them. */
export function withOffer(draft: GroupDraft, skuId: string, part: Partial<OfferLimits>): Pick<GroupDraft, 'offers'> {
  const offers = draft.offers.map((offer) =>
    offer.skuId === skuId ? { ...offer, options: { ...offer.options, limits: { ...offerLimits(offer), ...part } } } : offer,
  )
  return { offers }
}

/** Category names, one per line; null when there are too many, too long or equal ones. */
export function readCategories(text: string): string[] | null {
  const names = text.split('\n').map((line) => line.trim()).filter(Boolean)
  const good = names.length <= MOST_CATEGORIES && names.every((name) => [...name].length <= LONGEST) && new Set(names).size === names.length
  return good ? names : null
}

/** A category that is gone leaves no offer behind. */
export function withCategories(draft: GroupDraft, names: string[]): Partial<GroupDraft> {
  const offers = draft.offers.map((offer) => {
    const limits = offerLimits(offer)
    return limits.category && !names.includes(limits.category) ? { ...offer, options: { ...offer.options, limits: { ...limits, category: '' } } } : offer
  })
  return { ...withSale(draft, { categories: names }), offers }
}

/** An offer's rules in one line; empty when it has none. */
export function saidLimits(limits: OfferLimits): string {
  const words: string[] = []
  if (limits.category) words.push(limits.category)
  if (limits.least > 1) words.push(t('leader.limits.sayLeast', { n: limits.least }))
  if (limits.step > 1) words.push(t('leader.limits.sayStep', { n: limits.step }))
  if (limits.per_household) words.push(t('leader.limits.sayHousehold', { n: limits.per_household }))
  if (limits.flash) words.push(t('leader.limits.sayFlash', { price: formatFen(limits.flash.price_fen) }))
  if (limits.ships_on) words.push(t('leader.limits.sayShips', { day: limits.ships_on }))
  return words.join(' · ')
}
