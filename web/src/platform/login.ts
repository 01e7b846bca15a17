import { inWechatBrowser } from './browser'

import { ApiError } from '@/api/errors'
import { IS_H5 } from '@/config'

/** What the page does next: hand `code` to the server, or nothing more because the browser is leaving. */
export type WechatLogin = { readonly kind: 'code'; readonly code: string } | { readonly kind: 'leaving' }

/** Whether "sign in with WeChat" makes sense here: always in the mini-program, on H5 only inside WeChat. */
export function canWechatLogin(): boolean {
  return IS_H5 ? inWechatBrowser() : true
}

function miniProgramCode(): Promise<WechatLogin> {
  return new Promise((resolve, reject) => {
    uni.login({
      provider: 'weixin',
      success: ({ code }) => resolve({ kind: 'code', code }),
      fail: ({ errMsg }: { errMsg?: string }) =>
        reject(new ApiError({ code: 'wechat_login_failed', message: '微信没有让我们登录，请用手机号登录', messageEn: 'WeChat refused the login. Please use your phone number.', details: { reason: errMsg ?? '' }, status: 0 })),
    })
  })
}

/**
 * Starts signing in with WeChat.
 *
 * @param startUrl the server's OAuth start address (H5), already carrying the way back
 */
export async function wechatLogin(startUrl: string): Promise<WechatLogin> {
  if (!IS_H5) return miniProgramCode()
  location.href = startUrl
  return { kind: 'leaving' }
}
