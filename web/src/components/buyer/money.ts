import type { components } from '@/api/schema'
import type { GroupBuyPage, Quote } from '@/api/types'
import { t } from '@/i18n'
import { formatFen } from '@/utils/money'
import { formatDateTime, toMs } from '@/utils/time'

export type Coupon = components['schemas']['CouponCard']

/** Goods that cost less on somebody's first order, each with that price. */
export function newBuyerGoods(page: GroupBuyPage): { id: string; title: string; price: string }[] {
  if (!page.money?.new_buyers) return []
  return page.products.flatMap((product) =>
    product.offers
      .filter((offer) => typeof offer.new_buyer_fen === 'number')
      .map((offer) => ({ id: offer.id, title: `${product.title} ${offer.sku_name}`.trim(), price: formatFen(offer.new_buyer_fen ?? 0) })),
  )
}

/** Where, for whom and until when a coupon is good, on one line. */
export function couponFacts(coupon: Coupon, nowMs: number): string {
  const words = [t(coupon.whole_store ? 'buyer.coupon.store' : 'buyer.coupon.sale')]
  if (coupon.audience !== 'all') words.push(t(coupon.audience === 'new' ? 'buyer.coupon.forNew' : 'buyer.coupon.forEarlier'))
  const begun = toMs(coupon.starts_at) <= nowMs
  words.push(begun ? t('buyer.coupon.until', { time: formatDateTime(coupon.ends_at, nowMs) }) : t('buyer.coupon.from', { time: formatDateTime(coupon.starts_at, nowMs) }))
  return words.join(' · ')
}

/** What a coupon takes off goods of this worth, in fen; -1 where they are too few or it can't be used yet. */
export function couponWorth(coupon: Coupon, goodsFen: number, freightFen: number, nowMs: number): number {
  if (!coupon.free.length || goodsFen < coupon.threshold_fen || toMs(coupon.starts_at) > nowMs) return -1
  const cap = coupon.cap_fen || Number.MAX_SAFE_INTEGER
  if (coupon.kind === 'freight') return Math.min(freightFen, cap)
  return coupon.kind === 'percent' ? Math.min(Math.floor((goodsFen * coupon.percent_off) / 100), cap) : Math.min(coupon.minus_fen, goodsFen)
}

/** The copy that takes off most, for a first offer; '' for none. The server's quote has the last word. */
export function bestCopy(coupons: readonly Coupon[], quote: Quote, nowMs: number): string {
  const goods = quote.goods_fen - (quote.deductions ?? []).reduce((sum, one) => sum + one.fen, 0)
  const worths = coupons.map((coupon) => ({ copy: coupon.free[0] ?? '', worth: couponWorth(coupon, goods, quote.freight_fen, nowMs) }))
  const best = worths.reduce((one, other) => (other.worth > one.worth ? other : one), { copy: '', worth: 0 })
  return best.copy
}
