import { inWechatBrowser, onPhone } from './browser'

import { IS_H5 } from '@/config'

/** The five values WeChat signs for a JSAPI or mini-program payment. */
export interface JsapiParams {
  readonly appId?: string
  readonly timeStamp: string
  readonly nonceStr: string
  readonly package: string
  readonly signType: string
  readonly paySign: string
}

/**
 * How the server wants this payment done: `jsapi` with signed `params`, `redirect` to `url`, `qr` showing `code_url`
 * (with `url` where a cashier can also be opened here), `offline` at the leader's collection code, `done` when paid.
 */
export interface PayInstruction {
  readonly kind: 'jsapi' | 'redirect' | 'qr' | 'offline' | 'done'
  readonly params?: JsapiParams | Readonly<Record<string, string>> | null
  readonly url?: string | null
  readonly code_url?: string | null
}

/** Where the buyer stands, in the server's words. */
export type PayChannel = 'mini' | 'wechat' | 'h5' | 'native'

/** The way to pay that fits this device. */
export function payChannel(): PayChannel {
  if (!IS_H5) return 'mini'
  if (inWechatBrowser()) return 'wechat'
  return onPhone() ? 'h5' : 'native'
}

/**
 * What happened on the phone. It is never proof of payment: the page asks the server afterwards.
 *
 * - `asked`: the person finished the sheet, or nothing is left to pay: now ask the server
 * - `cancelled`, `failed`: the person or the platform stopped it; the order stays payable
 * - `leaving`: the browser is on its way to the cashier
 * - `show_code`: show `codeUrl` as a QR code and ask the server until it is paid; `url`, if any, pays on this device
 * - `offline`: show the leader's collection code and take the proof
 */
export type PayOutcome =
  | { readonly kind: 'asked' | 'cancelled' | 'leaving' | 'offline' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'show_code'; readonly codeUrl: string; readonly url: string }

interface WechatBridge {
  invoke(name: string, params: object, done: (answer: { err_msg?: string }) => void): void
}

function isJsapi(params: PayInstruction['params']): params is JsapiParams {
  return !!params && ['timeStamp', 'nonceStr', 'package', 'signType', 'paySign'].every((key) => key in params)
}

function bridge(): Promise<WechatBridge> {
  const found = (window as { WeixinJSBridge?: WechatBridge }).WeixinJSBridge
  if (found) return Promise.resolve(found)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('WeixinJSBridge is not there')), 5000)
    document.addEventListener(
      'WeixinJSBridgeReady',
      () => {
        clearTimeout(timer)
        resolve((window as unknown as { WeixinJSBridge: WechatBridge }).WeixinJSBridge)
      },
      { once: true },
    )
  })
}

async function payByBridge(params: JsapiParams): Promise<PayOutcome> {
  try {
    const wechat = await bridge()
    return await new Promise((resolve) => {
      wechat.invoke('getBrandWCPayRequest', params, ({ err_msg: text = '' }) => {
        if (text === 'get_brand_wcpay_request:ok') resolve({ kind: 'asked' })
        else if (text === 'get_brand_wcpay_request:cancel') resolve({ kind: 'cancelled' })
        else resolve({ kind: 'failed', reason: text })
      })
    })
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
  }
}

function payByMiniProgram(params: JsapiParams): Promise<PayOutcome> {
  return new Promise((resolve) => {
    uni.requestPayment({
      provider: 'wxpay',
      orderInfo: {},
      timeStamp: params.timeStamp,
      nonceStr: params.nonceStr,
      package: params.package,
      signType: params.signType,
      paySign: params.paySign,
      success: () => resolve({ kind: 'asked' }),
      fail: ({ errMsg = '' }: { errMsg?: string }) =>
        resolve(/cancel/i.test(errMsg) ? { kind: 'cancelled' } : { kind: 'failed', reason: errMsg }),
    })
  })
}

function leaveTo(url: string | null | undefined): PayOutcome {
  if (!url) return { kind: 'failed', reason: 'no address to pay at' }
  location.href = url
  return { kind: 'leaving' }
}

/** Carries out a pay instruction on this platform. Never throws; see `PayOutcome` for what to do next. */
export async function pay(instruction: PayInstruction): Promise<PayOutcome> {
  const { kind, params, url, code_url: codeUrl } = instruction
  if (kind === 'done') return { kind: 'asked' }
  if (kind === 'offline') return { kind: 'offline' }
  if (!IS_H5) {
    return isJsapi(params) ? payByMiniProgram(params) : { kind: 'failed', reason: `${kind} does not work in the mini-program` }
  }
  if (kind === 'qr') return codeUrl ? { kind: 'show_code', codeUrl, url: url ?? '' } : leaveTo(url)
  if (kind === 'jsapi' && inWechatBrowser() && isJsapi(params)) return payByBridge(params)
  return leaveTo(url)
}
