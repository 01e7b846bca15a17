import type { components } from '@/api/schema'
import type { Address, GroupBuyPage, Question } from '@/api/types'
import { t } from '@/i18n'
import type { CartLine } from '@/stores/cart'

export type OrderIn = components['schemas']['OrderIn']
export type Delivery = 'courier' | 'pickup'
export type PaymentMethod = 'wechatpay' | 'offline'

/** What the buyer fills in to pick goods up. */
export interface PickupForm {
  readonly pointId: string
  readonly name: string
  readonly phone: string
  readonly building: string
  readonly unit: string
  readonly room: string
}

/** Everything the buyer chose on the checkout page. */
export interface Choice {
  readonly delivery: Delivery
  readonly address: Address | undefined
  readonly pickup: PickupForm
  readonly payment: PaymentMethod
  readonly answers: Readonly<Record<string, string>>
  readonly remark: string
  readonly anonymous: boolean
  /** The copy of a coupon to be used; '' for none. */
  readonly couponId: string
  /** Of goods in cartons: the most pieces that would be taken, by offer. */
  readonly mosts: Readonly<Record<string, number>>
  /** The earlier order this one is packed with; null for a parcel of its own. */
  readonly joins: { readonly order_id: string; readonly pickup_point_id: string } | null
  /** What comes along for nothing, as the quote told. */
  readonly gifts: readonly { offer_id: string; quantity: number }[]
  /** The team it is bought in; null: alone. */
  readonly team: { id: string | null } | null
}

/** Mainland mobile numbers, as the server takes them. */
export const PHONE = /^1[3-9]\d{9}$/

function missingAnswers(questions: readonly Question[], answers: Choice['answers']): Record<string, string> {
  const missing = questions.filter((question) => question.required && !answers[question.id]?.trim())
  return Object.fromEntries(missing.map((question) => [`q-${question.id}`, t('buyer.needAnswer', { label: question.label })]))
}

/** What still has to be filled in, by field; empty when the order can be sent. */
export function missing(page: GroupBuyPage, choice: Choice): Record<string, string> {
  const errors = missingAnswers(page.questions, choice.answers)
  // Recipient and place are those of the earlier order.
  if (choice.joins) return errors
  if (choice.delivery === 'courier') {
    if (!choice.address) errors.address = t('buyer.needAddress')
    return errors
  }
  if (!choice.pickup.pointId) errors.point = t('buyer.needPoint')
  if (!choice.pickup.name.trim()) errors.name = t('buyer.needName')
  if (!PHONE.test(choice.pickup.phone.trim())) errors.phone = t('buyer.needPhone')
  return errors
}

/** Lines as the server takes them. `mosts`: of goods in cartons, the most pieces that would be taken, by offer. */
export function lineBodies(lines: readonly CartLine[], mosts: Readonly<Record<string, number>>): OrderIn['lines'] {
  return lines.map((line) => {
    const most = Math.max(line.quantity, mosts[line.offer.id] ?? 0)
    return { offer_id: line.offer.id, quantity: most, wish: most > line.quantity ? line.quantity : null }
  })
}

/** The body of a checkout. `totalFen` is what the buyer was shown: another price is refused and asked again. */
export function orderBody(page: GroupBuyPage, lines: readonly CartLine[], choice: Choice, totalFen: number, shareToken: string): OrderIn {
  const { pointId, name, phone, ...home } = choice.pickup
  const courier = choice.delivery === 'courier'
  return {
    group_buy_id: page.id,
    lines: [...lineBodies(lines, choice.mosts), ...choice.gifts.filter((gift) => gift.quantity > 0).map(({ offer_id, quantity }) => ({ offer_id, quantity }))],
    delivery_method: choice.delivery,
    coupon_id: choice.couponId || null,
    address_id: courier && !choice.joins ? (choice.address?.id ?? null) : null,
    pickup_point_id: courier ? null : (choice.joins?.pickup_point_id ?? pointId),
    contact: courier || choice.joins ? null : { name: name.trim(), phone: phone.trim(), ...home },
    payment_method: choice.payment,
    expected_total_fen: totalFen,
    answers: Object.entries(choice.answers)
      .filter(([, answer]) => answer.trim())
      .map(([id, answer]) => ({ question_id: id, answer: answer.trim() })),
    remark: choice.remark.trim(),
    anonymous: choice.anonymous,
    share_token: shareToken,
    team: choice.team,
    adds: Boolean(choice.joins),
    joins_order_id: choice.joins?.order_id ?? null,
  }
}
