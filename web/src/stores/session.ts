import { computed, ref } from 'vue'

import { ApiError } from '@/api/errors'
import { send } from '@/api/transport'
import { saveToken } from '@/platform/storage'

/** Where a person stands on the way to selling; the server's certification decides. */
export type LeaderState = 'none' | 'draft' | 'pending' | 'certified' | 'rejected' | 'suspended'

/** The signed-in person as `GET /api/me` tells it. */
export interface Me {
  readonly id: string
  readonly nickname: string
  readonly avatar_url: string
  readonly phone_masked: string
  readonly leader_state: LeaderState
  /** The store this person runs, or '' while there is none. */
  readonly store_id: string
  /** Groups the server switches on for this installation, for example the demo's one-tap entry. */
  readonly demo?: boolean
}

const me = ref<Me | null>(null)
const known = ref(false)
let asking: Promise<Me | null> | null = null

async function ask(): Promise<Me | null> {
  try {
    me.value = ((await send('get', '/api/me', { auth: 'quiet' })) as Me | null | undefined) ?? null
    known.value = true
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    // 401 is a plain "nobody is signed in". In any other trouble we keep what we knew: the page's own calls tell of it.
    if (error.status === 401) {
      me.value = null
      known.value = true
    }
  } finally {
    asking = null
  }
  return me.value
}

/** The person using the app: one reactive copy for every page. */
export function useSession() {
  return {
    /** The signed-in person or null. */
    me,
    /** False until the server has answered once whether somebody is signed in. */
    known,
    isLeader: computed(() => me.value?.leader_state === 'certified'),
    /** Asks the server again. Never opens the login page and never throws for a failed call. */
    refresh(): Promise<Me | null> {
      asking ??= ask()
      return asking
    },
    /** Asks only when nothing is known yet. */
    ensure(): Promise<Me | null> {
      return known.value ? Promise.resolve(me.value) : this.refresh()
    },
    /** Takes over what a login answered. `token` is for the mini-program; H5 gets its cookie from the server. */
    signedIn(token: string): Promise<Me | null> {
      saveToken(token)
      return this.refresh()
    },
    /** Ends the session on the server and here; the phone forgets it even when the server can't be reached. */
    async logout(): Promise<void> {
      try {
        await send('post', '/api/auth/logout', { auth: 'quiet' })
      } finally {
        saveToken('')
        me.value = null
        known.value = true
      }
    },
  }
}
