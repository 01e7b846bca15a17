import { IS_MP } from '@/config'

// The mini-program of WeChat's own that shows the confirmation of a receipt.
const COMPONENT = 'wx1183b055aeec94d1'

/** How the order is named to WeChat: the payment's own number, or the merchant's pair. */
export type ReceiptKey =
  | { readonly transaction_id: string }
  | { readonly merchant_id: string; readonly merchant_trade_no: string }

/** What the component said. It is a hint only: whether money is released the server asks WeChat. */
export type ReceiptOutcome = 'success' | 'fail' | 'cancel' | 'unavailable'

let waiting: ((outcome: ReceiptOutcome) => void) | null = null

/**
 * Opens WeChat's own confirmation of a receipt, without which the leader's money stays frozen for ten days.
 * Resolves when the person is back; never throws.
 */
export function confirmInWechat(key: ReceiptKey): Promise<ReceiptOutcome> {
  if (!IS_MP || typeof wx.openBusinessView !== 'function') return Promise.resolve('unavailable')
  return new Promise((resolve) => {
    waiting = resolve
    wx.openBusinessView({
      businessType: 'weappOrderConfirm',
      extraData: key,
      fail: () => finish('unavailable'),
    })
  })
}

function finish(outcome: ReceiptOutcome): void {
  waiting?.(outcome)
  waiting = null
}

/** Reads what WeChat's component brought back; the app calls it each time it is shown. */
export function noteReturn(options: { referrerInfo?: { appId?: string; extraData?: { status?: string } } } | undefined): void {
  const back = options?.referrerInfo
  if (!waiting || back?.appId !== COMPONENT) return
  const status = back.extraData?.status
  finish(status === 'success' || status === 'fail' ? status : 'cancel')
}
