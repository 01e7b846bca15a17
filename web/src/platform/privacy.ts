import { readonly, ref } from 'vue'

import { IS_MP } from '@/config'

interface Said {
  readonly event: 'agree' | 'disagree'
  readonly buttonId?: string
}

/** What WeChat hands over: it holds the person's wish back until this is called. The typings know it only as a plain result. */
type Answer = (said: Said) => void

/** Id of the button that the person must really have tapped; WeChat checks it. */
export const AGREE_BUTTON = 'yt-privacy-agree'

const asking = ref(false)
const guide = ref('')
// Two abilities may be asked for at once, for example a picture and an address: one tap answers both.
const held: Answer[] = []

function settle(said: Said): void {
  asking.value = false
  for (const answer of held.splice(0)) answer(said)
}

/** Opens our sheet whenever WeChat wants the person's agreement to the privacy guideline first. Call once, at the app's start. */
export function listenForPrivacy(): void {
  // Older clients ask with a dialog of their own.
  if (!IS_MP || typeof wx.onNeedPrivacyAuthorization !== 'function') return
  wx.onNeedPrivacyAuthorization((answer: unknown) => {
    held.push(answer as Answer)
    asking.value = true
    wx.getPrivacySetting({ success: ({ privacyContractName }) => (guide.value = privacyContractName) })
  })
}

/** The sheet's side of it. */
export function usePrivacy() {
  return {
    asking: readonly(asking),
    /** Title of the guideline as WeChat shows it, with its brackets; '' until known. */
    guide: readonly(guide),
    /** The person tapped the agree button: whatever waited goes on. */
    agree: (): void => settle({ event: 'agree', buttonId: AGREE_BUTTON }),
    /** They declined: whatever waited fails, and is asked for again the next time they want it. */
    refuse: (): void => settle({ event: 'disagree' }),
    read: (): void => wx.openPrivacyContract({}),
  }
}

/** Whether an ability failed because the person declined the guideline, or because the guideline doesn't declare it. */
export function privacyRefusal(cause: { errno?: number; errMsg?: string }): 'declined' | 'undeclared' | null {
  if (cause.errno === 112 || /api scope is not declared/i.test(cause.errMsg ?? '')) return 'undeclared'
  return cause.errno === 103 || cause.errno === 104 || /privacy permission is not authorized|privacy/i.test(cause.errMsg ?? '') ? 'declined' : null
}
