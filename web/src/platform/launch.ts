import { IS_MP } from '@/config'

// WeChat's number of the way in by which a card in Moments opens one page alone: no sign-in, no payment, no way to other pages.
const MOMENTS = 1154

/** True when this page is shown alone inside Moments. The person can look; to order they tap WeChat's own 前往小程序. */
export function inMoments(): boolean {
  return IS_MP && wx.getLaunchOptionsSync().scene === MOMENTS
}

let settled = !IS_MP
const waiting: (() => void)[] = []

/**
 * Runs a job that the first page does not need to be seen: who is signed in, how often a link was opened. In the mini-program the
 * page's own data has the line for itself first; in the browser the server sent it with the document, so there the job runs at once.
 */
export function afterFirstPage(job: () => void): void {
  if (settled) job()
  else waiting.push(job)
}

/** The first page had its time, or the person is leaving: what waited runs. */
export function firstPageDone(): void {
  settled = true
  for (const job of waiting.splice(0)) job()
}
