import { effectScope, shallowRef, watch } from 'vue'

import { useLive } from './live'
import { sound } from './prefs'

import type { Message } from '@/api/types'
import { ring } from '@/platform/notify'

const SHOWN_MS = 8000

/** The message on the card at the top of the screen, or null. One for the whole app: every page shows the same. */
const ringing = shallowRef<Message | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined
let listening = false

function show(message: Message): void {
  ringing.value = message
  clearTimeout(timer)
  timer = setTimeout(() => (ringing.value = null), SHOWN_MS)
  if (sound.value) ring()
}

/** The live bell of the selling side: starts listening on first use. */
export function useRing() {
  if (!listening) {
    listening = true
    // Detached: the first page that asked may be closed while others still ring.
    effectScope(true).run(() => {
      watch(useLive().latest, (message) => {
        if (message?.role === 'leader' && !message.read) show(message)
      })
    })
  }
  return {
    ringing,
    dismiss(): void {
      clearTimeout(timer)
      ringing.value = null
    },
  }
}
