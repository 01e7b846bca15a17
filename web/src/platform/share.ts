import { inWechatBrowser } from './browser'

import { IS_H5 } from '@/config'
import { t } from '@/i18n'

/** One thing to share. `path` is the page in the mini-program, `url` the full web address. */
export interface ShareInfo {
  readonly title: string
  readonly path: string
  readonly url: string
  /** Square or of any shape; Moments and links cut it square. */
  readonly imageUrl?: string
  /** What a chat's card says instead of `title`, and its picture of 5:4. */
  readonly cardTitle?: string
  readonly cardUrl?: string
  readonly desc?: string
}

/** The server's answer for WeChat's JS-SDK. */
export interface JsSdkSignature {
  readonly appId: string
  readonly timestamp: number
  readonly nonceStr: string
  readonly signature: string
}

interface JsSdk {
  config(options: object): void
  ready(done: () => void): void
  updateAppMessageShareData(options: object): void
  updateTimelineShareData(options: object): void
}

// Loaded only inside WeChat's own browser and only when the shop has an official account; there is no other way to set a card there.
const JS_SDK_URL = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js'

/** The card of a mini-program share: return it from the page's own `onShareAppMessage`. */
export function shareCard(info: ShareInfo): { title: string; path: string; imageUrl?: string } {
  const imageUrl = info.cardUrl ?? info.imageUrl
  return { title: info.cardTitle ?? info.title, path: info.path, ...(imageUrl ? { imageUrl } : {}) }
}

/** The card for Moments: return it from the page's own `onShareTimeline`. */
export function timelineCard(info: ShareInfo): { title: string; query: string; imageUrl?: string } {
  return { title: info.cardTitle ?? info.title, query: info.path.split('?')[1] ?? '', ...(info.imageUrl ? { imageUrl: info.imageUrl } : {}) }
}

/** Copies text and says so. Resolves to whether it worked. */
export function copyText(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    uni.setClipboardData({
      data: text,
      showToast: false,
      success: () => {
        uni.showToast({ title: t('common.copied'), icon: 'none' })
        resolve(true)
      },
      fail: () => {
        uni.showToast({ title: t('common.copyFailed'), icon: 'none' })
        resolve(false)
      },
    })
  })
}

/** Opens the browser's share sheet, or copies the link where there is none. The mini-program uses an open-type button instead. */
export async function shareOnWeb(info: ShareInfo): Promise<void> {
  if (IS_H5 && typeof navigator.share === 'function' && !inWechatBrowser()) {
    try {
      await navigator.share({ title: info.title, text: info.desc ?? info.title, url: info.url })
      return
    } catch (error) {
      // The person closed the sheet: that is an answer, not a failure.
      if (error instanceof DOMException && error.name === 'AbortError') return
    }
  }
  await copyText(info.url)
}

// The address the app was entered by. iOS goes on naming it to WeChat whatever page of the app is on screen.
const ENTRY = IS_H5 && typeof location === 'object' ? (location.href.split('#')[0] ?? '') : ''

/** The address WeChat checks a signature against: on iOS the one the app was entered by, elsewhere the present one; without hash. */
export function addressToSign(userAgent: string, present: string, entry: string): string {
  return /iPhone|iPad|iPod/.test(userAgent) ? entry : (present.split('#')[0] ?? '')
}

function loadSdk(): Promise<JsSdk> {
  return new Promise((resolve, reject) => {
    const ready = (window as { wx?: JsSdk }).wx
    if (ready?.updateAppMessageShareData) {
      resolve(ready)
      return
    }
    const script = document.createElement('script')
    script.src = JS_SDK_URL
    script.onload = () => resolve((window as unknown as { wx: JsSdk }).wx)
    script.onerror = () => reject(new Error('the WeChat JS-SDK did not load'))
    document.head.append(script)
  })
}

/**
 * Inside WeChat's browser: makes the "…" menu share our card. Elsewhere it does nothing and answers false.
 *
 * @param sign asks the server to sign an address of ours (see `addressToSign`)
 */
export async function setWechatCard(info: ShareInfo, sign: (url: string) => Promise<JsSdkSignature>): Promise<boolean> {
  if (!IS_H5 || !inWechatBrowser()) return false
  const [signature, sdk] = await Promise.all([sign(addressToSign(navigator.userAgent, location.href, ENTRY)), loadSdk()])
  const card = { title: info.title, desc: info.desc ?? '', link: info.url, imgUrl: info.imageUrl ?? '' }
  sdk.config({ ...signature, jsApiList: ['updateAppMessageShareData', 'updateTimelineShareData'] })
  sdk.ready(() => {
    sdk.updateAppMessageShareData(card)
    sdk.updateTimelineShareData(card)
  })
  return true
}
