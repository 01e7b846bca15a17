/** True inside WeChat's own browser, where payment and sharing go through its bridge. */
export function inWechatBrowser(): boolean {
  return typeof navigator !== 'undefined' && /MicroMessenger/i.test(navigator.userAgent)
}

/** True on a phone's browser; a desk shows a code to scan instead. */
export function onPhone(): boolean {
  return typeof navigator !== 'undefined' && /Android|iPhone|iPad|iPod|Mobile|HarmonyOS/i.test(navigator.userAgent)
}
