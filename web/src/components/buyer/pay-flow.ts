import { computed, onUnmounted, ref } from 'vue'

import { ApiError, api, createIntent, type Intent } from '@/api/http'
import type { OrderDetail } from '@/api/types'
import { toast, toastError } from '@/components/ui/feedback'
import { t } from '@/i18n'
import { canWechatLogin, wechatLogin } from '@/platform/login'
import { pay, payChannel, type PayChannel, type PayInstruction, type PayOutcome } from '@/platform/pay'
import { IS_H5 } from '@/config'
import { pageUrl, replace } from '@/utils/routes'
import { useLoad } from '@/utils/use-load'

const PATIENT_TRIES = 8
const PATIENT_MS = 1500
const CODE_MS = 3000

/** What is paid: an order as far as paying needs to know it. */
export interface Payable {
  readonly payment: string
}

/** One order's way to the server: how it is looked at, how the server is asked to take money, where the buyer comes back to. */
export interface PayWay<T extends Payable> {
  look(): Promise<T>
  begin(body: { channel: PayChannel; return_path: string }, intent: Intent): Promise<PayInstruction>
  readonly back: string
  /** What follows where the leader's own collection code is the way. */
  offline(): void
}

/** The way of a buyer's own order. */
function ownOrder(id: () => string): PayWay<OrderDetail> {
  return {
    look: () => api.post('/api/orders/{order_id}/pay/refresh', { path: { order_id: id() } }),
    begin: (body, intent) => api.post('/api/orders/{order_id}/pay', { path: { order_id: id() }, body, intent }),
    get back() {
      return pageUrl('/buyer/pay-result/index', { id: id(), back: 1 })
    },
    offline: () => replace('/buyer/pay-offline/index', { id: id() }),
  }
}

/** True once money arrived or is on its way back; nothing is left to pay. */
export function isPaid(order: Payable): boolean {
  return order.payment === 'paid' || order.payment === 'partly_refunded' || order.payment === 'refunded'
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** `usePayWay` of the buyer's own order; `id` may be empty until the page knows it. */
export function usePayFlow(id: () => string, sheetDone: () => Promise<void> = async () => {}) {
  return usePayWay(ownOrder(id), sheetDone)
}

/**
 * Paying one order: asks the server for the way, walks it, and afterwards believes only the server.
 *
 * @param sheetDone called at the end of WeChat's pay sheet, the only moment besides a tap at which it lets us ask for something
 */
export function usePayWay<T extends Payable>(way: PayWay<T>, sheetDone: () => Promise<void> = async () => {}) {
  const intent = createIntent()
  const busy = ref(false)
  const checking = ref(false)
  const codeUrl = ref('')
  const cashierUrl = ref('')
  let left = false

  const load = useLoad(() => way.look())
  const order = load.data
  const open = computed(() => order.value?.payment === 'unpaid')

  /** Asks until the answer is known or patience ends; the page keeps showing what it knows. */
  async function check(): Promise<void> {
    if (checking.value) return
    checking.value = true
    for (let round = 0; round < PATIENT_TRIES && !left; round += 1) {
      await load.run()
      if (!open.value) break
      await wait(PATIENT_MS)
    }
    checking.value = false
  }

  /** A code on a desk's screen is paid on another device, so the page asks while it is shown. */
  async function watchCode(): Promise<void> {
    while (codeUrl.value && open.value && !left) {
      await wait(CODE_MS)
      if (!left) await load.run()
    }
    codeUrl.value = ''
  }

  /** The phone says it was stopped; a sheet closed after the money went says so as well, so the server is asked all the same. */
  async function stopped(kind: 'cancelled' | 'failed'): Promise<void> {
    await load.run()
    if (open.value) toast(t(`pay.${kind}`))
  }

  async function follow(outcome: PayOutcome): Promise<void> {
    if (outcome.kind === 'asked') await Promise.all([sheetDone(), check()])
    else if (outcome.kind === 'cancelled' || outcome.kind === 'failed') await stopped(outcome.kind)
    else if (outcome.kind === 'offline') way.offline()
    else if (outcome.kind === 'show_code') {
      codeUrl.value = outcome.codeUrl
      cashierUrl.value = outcome.url
      void watchCode()
    }
  }

  async function start(): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      const body = { channel: payChannel(), return_path: way.back }
      await follow(await pay(await way.begin(body, intent)))
    } catch (error) {
      await refused(error)
    } finally {
      busy.value = false
    }
  }

  async function refused(error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) throw error
    if (error.code === 'wechat_sign_in_needed' && IS_H5 && canWechatLogin()) {
      await wechatLogin(pageUrl('/api/auth/wechat/start', { return_to: way.back }))
      return
    }
    toastError(error)
    await load.run()
  }

  function stop(): void {
    left = true
    codeUrl.value = ''
  }

  onUnmounted(stop)
  return {
    load,
    order,
    busy,
    checking,
    /** Text of the code to scan; '' while none is shown. */
    codeUrl,
    /** Where the same payment can be made on this device, or ''. */
    cashierUrl,
    start,
    check,
    /** The page is out of sight: stop asking. */
    stop,
    /** The page is back. */
    resume(): void {
      left = false
    },
  }
}
