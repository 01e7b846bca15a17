import type { GroupStatus, OrderRow } from '@/api/types'
import { isMessageKey, locale, t } from '@/i18n'

export type Tone = 'neutral' | 'persimmon' | 'green' | 'amber' | 'red' | 'blue'

const STATUS_TONES: Readonly<Record<GroupStatus, Tone>> = {
  draft: 'neutral',
  coming: 'amber',
  open: 'green',
  ended: 'neutral',
  closed: 'neutral',
  suspended: 'red',
}

/** Colour of a group buy's state. */
export function statusTone(status: GroupStatus): Tone {
  return STATUS_TONES[status]
}

/** The state of a group buy in the language in use. */
export function statusText(status: GroupStatus): string {
  return t(`buyer.status.${status}`)
}

const PAYMENT_TONES: Readonly<Record<string, Tone>> = {
  unpaid: 'amber',
  awaiting_confirmation: 'amber',
  paid: 'green',
  partly_refunded: 'blue',
  refunded: 'neutral',
  closed: 'neutral',
}
const DELIVERY_TONES: Readonly<Record<string, Tone>> = {
  none: 'amber',
  awaiting_pickup: 'amber',
  part_shipped: 'blue',
  part_picked: 'blue',
  shipped: 'blue',
  received: 'green',
  picked: 'green',
}

/** Label and colour of one axis of an order. */
export interface AxisLabel {
  readonly axis: 'payment' | 'delivery' | 'aftersale'
  readonly text: string
  readonly tone: Tone
}

type Axes = Pick<OrderRow, 'payment' | 'delivery' | 'aftersale' | 'delivery_method' | 'labels'>

// The server's words are Chinese; the English ones are ours. A state this build doesn't know keeps the server's word.
function word(axis: string, state: string, label: string): string {
  const key = `axis.${axis}.${state}`
  return locale.value === 'en' && isMessageKey(key) ? t(key) : label
}

function deliveryLabel(order: Axes): AxisLabel {
  const state = order.delivery === 'none' && order.delivery_method === 'pickup' ? 'awaiting_pickup' : order.delivery
  const over = order.payment === 'closed' || order.payment === 'refunded'
  // Nothing will be sent any more, so "to be shipped" would be a promise nobody made.
  if (over && (state === 'none' || state === 'awaiting_pickup')) return { axis: 'delivery', text: t('axis.delivery.off'), tone: 'neutral' }
  // It is still open what the buyer gets: nothing is sent before the team or the sale has formed.
  if (order.labels.waiting) return { axis: 'delivery', text: locale.value === 'en' ? (order.labels.waiting_en ?? '') : order.labels.waiting, tone: 'amber' }
  return { axis: 'delivery', text: word('delivery', state, order.labels.delivery), tone: DELIVERY_TONES[state] ?? 'neutral' }
}

/** The three axes of an order as people read them. */
export function axisLabels(order: Axes): [AxisLabel, AxisLabel, AxisLabel] {
  return [
    { axis: 'payment', text: word('payment', order.payment, order.labels.payment), tone: PAYMENT_TONES[order.payment] ?? 'neutral' },
    deliveryLabel(order),
    { axis: 'aftersale', text: word('aftersale', order.aftersale, order.labels.aftersale), tone: order.aftersale === 'open' ? 'amber' : 'neutral' },
  ]
}

/** The one line that says what matters now. */
export function headline(order: Axes): string {
  if (locale.value === 'zh') return order.labels.headline
  const [payment, delivery, aftersale] = axisLabels(order)
  const words = [order.payment === 'paid' || order.payment === 'partly_refunded' ? delivery : payment]
  if (order.aftersale === 'open') words.push(aftersale)
  return words.map((label) => label.text).join(' · ')
}
