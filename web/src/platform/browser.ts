import { IS_H5, MINIPROGRAM_ORIGIN } from '@/config'

/** True inside WeChat's own browser, where payment and sharing go through its bridge. */
export function inWechatBrowser(): boolean {
  return IS_H5 && typeof navigator !== 'undefined' && /MicroMessenger/i.test(navigator.userAgent)
}

/** True on a phone's browser; a desk shows a code to scan instead. */
export function onPhone(): boolean {
  return IS_H5 && typeof navigator !== 'undefined' && /Android|iPhone|iPad|iPod|Mobile|HarmonyOS/i.test(navigator.userAgent)
}

/** Full web address of a path of this shop, for links that leave the app; a full address stays as it is. */
export function webUrl(path: string): string {
  if (!path.startsWith('/')) return path
  return (IS_H5 ? location.origin : MINIPROGRAM_ORIGIN) + path
}

/** Opens an address outside the app's own pages, for example the operator's console. H5 only. */
export function openWeb(url: string): void {
  if (IS_H5) location.href = url
}

/** Tells the server's first sight of a page in which language this person reads: it is drawn before any script runs. H5 only. */
export function rememberLanguage(language: 'zh' | 'en'): void {
  if (IS_H5 && typeof document !== 'undefined') document.cookie = `yt_lang=${language};path=/;samesite=lax;max-age=${language === 'en' ? YEAR_SECONDS : 0}`
}

/** Name of the page in the browser's tab and history; the mini-program's bar is drawn by the page itself. */
export function setDocumentTitle(title: string): void {
  if (IS_H5) document.title = title
}

const YEAR_SECONDS = 31_536_000
const RELOAD_KEY = 'yt.reloaded'
const RELOAD_PAUSE_MS = 30_000

/**
 * After an update of the server the open page asks for chunks that are gone; loading the document again mends it.
 * At most once in half a minute, so that a missing file never becomes a loop. H5 only.
 */
export function reloadOnNewVersion(): void {
  window.addEventListener('vite:preloadError', () => {
    const last = Number(sessionStorage.getItem(RELOAD_KEY) ?? 0)
    if (Date.now() - last < RELOAD_PAUSE_MS) return
    sessionStorage.setItem(RELOAD_KEY, String(Date.now()))
    location.reload()
  })
}
