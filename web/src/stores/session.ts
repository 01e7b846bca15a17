import { computed, ref } from 'vue'

import { ApiError } from '@/api/errors'
import type { components } from '@/api/schema'
import { send } from '@/api/transport'
import { IS_MP } from '@/config'
import { readStored, readToken, saveToken, writeStored } from '@/platform/storage'
import { startAs } from '@/stores/role'

type MeOut = components['schemas']['MeOut']
export type MePoint = components['schemas']['MePoint']
export type MePerson = components['schemas']['MePerson']
export type MeLeader = components['schemas']['MeLeader']
export type MeHelp = components['schemas']['MeHelp']
export type Right = MeHelp['rights'][number]

/** A signed-in person with their selling side, as `GET /api/me` tells it. */
export interface Me {
  readonly person: MePerson
  /** Null until the person joined as a leader. */
  readonly leader: MeLeader | null
  /** Stores of others this person helps in. */
  readonly helps?: readonly MeHelp[]
  /** Pick-up points this person hosts. */
  readonly points?: readonly MePoint[]
  readonly unread_leader: number
  readonly unread_buyer: number
}

const me = ref<Me | null>(null)
const known = ref(false)
/** The store somebody chose to work in; '' for their own, or the first one they help in. */
const chosenStore = ref(readStored('workStore') ?? '')
let asking: Promise<Me | null> | null = null

function take(answer: MeOut | null | undefined): Me | null {
  me.value = answer?.person ? { ...answer, person: answer.person } : null
  startAs(isLeader.value)
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
const certified = computed(() => leader.value?.state === 'approved')
const helps = computed<readonly MeHelp[]>(() => me.value?.helps ?? [])
/** The place of a helper this person works at now; null while they work in their own store. */
const helping = computed(() => helps.value.find((one) => one.store_id === chosenStore.value) ?? (certified.value ? null : (helps.value[0] ?? null)))
const isLeader = computed(() => certified.value || helping.value !== null)
const canSell = computed(() => (helping.value ? !helping.value.suspended : certified.value && leader.value?.suspended === false))
const storeId = computed(() => helping.value?.store_id ?? leader.value?.store_id ?? '')

/** Whether this person may do something of the kind in the store they work in; an owner may do everything. */
export function may(...rights: readonly Right[]): boolean {
  const place = helping.value
  return place === null || rights.some((right) => place.rights.includes(right))
}

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
    /** Certified, also while suspended, because orders must still be served; or a helper at work. */
    isLeader,
    /** Not suspended: may open sales. */
    canSell,
    /** The store this person works in: their own, or the one they help in; '' while there is none. */
    storeId,
    helps,
    helping,
    /** Works in another store from now on; '' goes back to one's own. */
    workIn(store: string): void {
      chosenStore.value = store
      writeStored('workStore', store)
    },
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
