import { privacyRefusal } from './privacy'

import { IS_MP } from '@/config'

/** An address as the person keeps it in WeChat. */
export interface WechatAddress {
  readonly name: string
  readonly phone: string
  readonly province: string
  readonly city: string
  readonly district: string
  readonly detail: string
}

/** `closed`: the person turned back. `declined` and `undeclared`: see `privacyRefusal`. `failed`: anything else. */
export type AddressOutcome =
  | { readonly kind: 'address'; readonly address: WechatAddress }
  | { readonly kind: 'closed' | 'declined' | 'undeclared' | 'failed' }

/** Whether "take it from WeChat" makes sense here. */
export const CAN_IMPORT_ADDRESS = IS_MP

function read(found: WechatMiniprogram.ChooseAddressSuccessCallbackResult): WechatAddress {
  return {
    name: found.userName,
    // Written with +86 or spaces on some phones.
    phone: found.telNumber.replace(/\D/g, '').replace(/^86(?=1\d{10}$)/, ''),
    province: found.provinceName,
    city: found.cityName,
    district: found.countyName,
    detail: found.detailInfo,
  }
}

function outcomeOf(cause: { errno?: number; errMsg?: string }): AddressOutcome {
  const refusal = privacyRefusal(cause)
  if (refusal) return { kind: refusal }
  return { kind: /cancel/i.test(cause.errMsg ?? '') ? 'closed' : 'failed' }
}

/** Lets the person pick one of their addresses in WeChat. Mini-program only; never throws. */
export function importAddress(): Promise<AddressOutcome> {
  return new Promise((resolve) => {
    wx.chooseAddress({
      success: (found) => resolve({ kind: 'address', address: read(found) }),
      fail: (cause) => resolve(outcomeOf(cause)),
    })
  })
}
