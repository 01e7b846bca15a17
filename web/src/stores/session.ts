import { computed, ref } from 'vue'

import { ApiError } from '@/api/errors'
import type { components } from '@/api/schema'
import { send } from '@/api/transport'
import { IS_MP } from '@/config'
import { readToken, saveToken } from '@/platform/storage'
import { startAs } from '@/stores/role'

type MeOut = components['schemas']['MeOut']
export type MePerson = components['schemas']['MePerson']
export type MeLeader = components['schemas']['MeLeader']

/** A signed-in person with their selling side, as `GET /api/me` tells it. */
export interface Me {
  readonly person: MePerson
  /** Null until the person joined as a leader. */
  readonly leader: MeLeader | null
  readonly unread_leader: number
  readonly unread_buyer: number
}

const me = ref<Me | null>(null)
const known = ref(false)
let asking: Promise<Me | null> | null = null

function take(answer: MeOut | null | undefined): Me | null {
  me.value = answer?.person ? { ...answer, person: answer.person } : null
  startAs(me.value?.leader?.state === 'approved')
  known.value = true
  return me.value
}

async function ask(): Promise<Me | null> {
  try {
    take((await send('get', '/api/me', { auth: 'quiet' })) as MeOut | null | undefined)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    // In any other trouble than "nobody is signed in" we keep what we knew: the page's own calls tell of it.
    if (error.status === 401) take(null)
  } finally {
    asking = null
  }
  return me.value
}

/** Somebody is signed in, or was when the app was last closed and nothing else is known yet. */
const likely = computed(() => me.value !== null || (!known.value && readToken() !== ''))
const person = computed(() => me.value?.person ?? null)
const leader = computed(() => me.value?.leader ?? null)
const isLeader = computed(() => leader.value?.state === 'approved')
const canSell = computed(() => isLeader.value && leader.value?.suspended === false)
const storeId = computed(() => leader.value?.store_id ?? '')

function refresh(): Promise<Me | null> {
  // The mini-program knows by itself that nobody is signed in; a browser's cookie is seen by the server only.
  if (IS_MP && !readToken()) return Promise.resolve(take(null))
  asking ??= ask()
  return asking
}

/** The person using the app: one reactive copy for every page. */
export function useSession() {
  return {
    /** The signed-in person or null. */
    me,
    /** False until the server has answered once whether somebody is signed in. */
    known,
    likely,
    person,
    /** The selling side in whatever state, or null. */
    leader,
    /** Certified; also while suspended, because orders must still be served. */
    isLeader,
    /** Certified and not suspended: may open sales. */
    canSell,
    /** The leader's store, or '' while there is none. */
    storeId,
    /** Asks the server again. Never opens the login page and never throws for a failed call. */
    refresh,
    /** Asks only when nothing is known yet. */
    ensure(): Promise<Me | null> {
      return known.value ? Promise.resolve(me.value) : refresh()
    },
    /** Takes over a fresh `MeOut`, for example what `PATCH /api/me` answered. */
    take,
    /** Takes over the numbers of unread messages. */
    setUnread(counts: { readonly leader: number; readonly buyer: number }): void {
      if (me.value) me.value = { ...me.value, unread_leader: counts.leader, unread_buyer: counts.buyer }
    },
    /** Takes over what a login answered. `token` is for the mini-program; H5 gets its cookie from the server. */
    signedIn(token: string): Promise<Me | null> {
      saveToken(token)
      return refresh()
    },
    /** Ends the session on the server and here; the phone forgets it even when the server can't be reached. */
    async logout(): Promise<void> {
      try {
        await send('post', '/api/auth/logout', { auth: 'quiet' })
      } finally {
        saveToken('')
        take(null)
      }
    },
  }
}
