import { reactive } from 'vue'

import { payNext } from './pay-next'

import { api, createIntent, type Intent } from '@/api/http'
import type { OrderDetail, OrderRow } from '@/api/types'
import { askText, confirmDialog, toast, toastError } from '@/components/ui/feedback'
import { IS_MP } from '@/config'
import { t, type MessageKey } from '@/i18n'
import { confirmInWechat, type ReceiptKey } from '@/platform/receipt'
import { go } from '@/utils/routes'

/** What a buyer may do with an order, in the server's words. */
export type BuyerAction = 'pay' | 'send_proof' | 'pickup_code' | 'confirm_receipt' | 'aftersale' | 'cancel'

const WORDS: Readonly<Record<BuyerAction, MessageKey>> = {
  pay: 'buyer.act.pay',
  send_proof: 'buyer.act.send_proof',
  pickup_code: 'buyer.act.pickup_code',
  confirm_receipt: 'buyer.act.confirm_receipt',
  aftersale: 'buyer.act.aftersale',
  cancel: 'buyer.act.cancel',
}

function isBuyerAction(word: string): word is BuyerAction {
  return word in WORDS
}

/** The actions this app knows, the main one first; words of a newer server are left out. */
export function buyerActions(order: OrderRow): { action: BuyerAction; text: string; main: boolean }[] {
  const known = order.actions.filter(isBuyerAction)
  return known.map((action, index) => ({ action, text: t(WORDS[action]), main: index === 0 && action !== 'cancel' && action !== 'aftersale' }))
}

// One wish per order: a second tap or a retry after a lost answer must not cancel twice.
const cancelling = new Map<string, Intent>()

async function cancel(order: OrderRow): Promise<OrderDetail | null> {
  const paid = order.paid_fen > 0
  const title = paid ? t('buyer.cancelPaidTitle') : t('buyer.cancelTitle')
  const reason = paid ? await askText(title, t('buyer.cancelReason')) : (await confirmDialog({ title, text: t('buyer.cancelText'), danger: true })) ? '' : null
  if (reason === null) return null
  const intent = cancelling.get(order.id) ?? createIntent()
  cancelling.set(order.id, intent)
  const changed = await api.post('/api/orders/{order_id}/cancel', { path: { order_id: order.id }, body: { reason: reason.slice(0, 80) }, intent })
  toast(paid ? t('buyer.cancelledPaid') : t('buyer.cancelled'))
  return changed
}

async function receive(order: OrderRow): Promise<OrderDetail | null> {
  if (!(await confirmDialog({ title: t('buyer.receiveTitle'), text: t('buyer.receiveText') }))) return null
  const changed = await api.post('/api/orders/{order_id}/receive', { path: { order_id: order.id } })
  // WeChat's own confirmation lies over the page, which shows the order as it is meanwhile and looks again when it is back in sight.
  if (needsWechatReceipt(changed)) void askWechatReceipt(changed)
  return changed
}

/** An order whose money WeChat holds until the buyer has confirmed there as well; `wechat_confirm` names it to WeChat. */
export interface WithReceipt {
  readonly id: string
  readonly delivery: string
  readonly wechat_confirm?: ReceiptKey | null
}

/** Whether WeChat's own confirmation is still open: after ours, in the mini-program only. */
export function needsWechatReceipt(order: WithReceipt | undefined): boolean {
  return IS_MP && !!order?.wechat_confirm && order.delivery === 'received' && !confirmed.has(order.id)
}

// Confirmed at WeChat a moment ago: until the server has asked WeChat, the order still names what there was to confirm.
const confirmed = reactive(new Set<string>())

/** Opens WeChat's confirmation and says how it went; whether it counts, the server learns from WeChat. */
export async function askWechatReceipt(order: WithReceipt): Promise<void> {
  if (!order.wechat_confirm) return
  const outcome = await confirmInWechat(order.wechat_confirm)
  toast(t(outcome === 'success' ? 'wx.receiptDone' : 'wx.receiptCancelled'))
  if (outcome !== 'success') return
  confirmed.add(order.id)
  // The server asks WeChat now instead of at its next round; should the word be lost, that round does it.
  await api.post('/api/orders/{order_id}/wechat-confirmed', { path: { order_id: order.id } }).catch(() => undefined)
}

/** Does one action. Resolves to the order as it is now when the action changed it here, else null. Never throws a refusal. */
export async function runBuyerAction(action: BuyerAction, order: OrderRow): Promise<OrderDetail | null> {
  try {
    if (action === 'cancel') return await cancel(order)
    if (action === 'confirm_receipt') return await receive(order)
  } catch (error) {
    toastError(error)
    return null
  }
  if (action === 'pay') {
    payNext(order.id)
    go('/buyer/pay-result/index', { id: order.id })
  } else if (action === 'send_proof') go('/buyer/pay-offline/index', { id: order.id })
  else if (action === 'pickup_code') go('/buyer/pickup-code/index', { id: order.id })
  else go('/buyer/after-sale-apply/index', { id: order.id })
  return null
}
