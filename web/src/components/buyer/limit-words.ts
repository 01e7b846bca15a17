import type { PageOffer } from '@/api/types'
import { t } from '@/i18n'

/** What an offer demands of an order, a few words each. */
export function limitWords(offer: PageOffer): string[] {
  const limits = offer.limits
  if (!limits) return []
  const words: string[] = []
  if (limits.least > 1) words.push(t('buyer.leastPieces', { n: limits.least }))
  if (limits.step > 1) words.push(t('buyer.stepPieces', { n: limits.step }))
  if (limits.per_household > 0) words.push(t('buyer.perHousehold', { n: limits.per_household }))
  if (limits.ships_on) words.push(t('buyer.shipsBy', { day: limits.ships_on.slice(5) }))
  return words
}
