import { ref, shallowRef, watch } from 'vue'

import { useSession } from './session'

import { api, type Answer } from '@/api/http'
import type { Message } from '@/api/types'
import { openStream, setTabBadge } from '@/platform/notify'

type Unread = Answer<'/api/messages/unread', 'get'>
type Side = 'buyer' | 'leader'

const MESSAGES_TAB = 2
const POLL_MS = 15_000

const { me, setUnread } = useSession()
const latest = shallowRef<Message | null>(null)
const broken = ref(false)
let close: (() => void) | null = null

function badge(): void {
  setTabBadge(MESSAGES_TAB, me.value ? me.value.unread_buyer + me.value.unread_leader : 0)
}

function take(counts: Unread): void {
  setUnread(counts)
  badge()
}

/** Where nothing is streamed, a grown number means news: the newest message is fetched and announced. */
async function announce(side: Side): Promise<void> {
  const page = await api.get('/api/messages', { query: { role: side }, auth: 'quiet' })
  const [newest] = page.items
  if (newest && !newest.read && newest.id !== latest.value?.id) latest.value = newest
}

async function count(): Promise<void> {
  const before = me.value
  if (!before) return
  try {
    const now = await api.get('/api/messages/unread', { auth: 'quiet' })
    take(now)
    if (now.leader > before.unread_leader) await announce('leader')
    else if (now.buyer > before.unread_buyer) await announce('buyer')
  } catch {
    // A missed look is made up by the next one; the page shown tells of real trouble itself.
    return
  }
}

function isMessage(data: unknown): data is Message {
  return typeof data === 'object' && data !== null && 'id' in data && 'role' in data && 'title' in data
}

function hear(_name: string, data: unknown): void {
  if (!isMessage(data) || !me.value) return
  latest.value = data
  const { unread_buyer: buyer, unread_leader: leader } = me.value
  take(data.role === 'leader' ? { buyer, leader: leader + 1 } : { buyer: buyer + 1, leader })
}

function open(): void {
  close ??= openStream('/api/events', {
    names: ['message'],
    onEvent: hear,
    poll: () => void count(),
    pollMs: POLL_MS,
    onState: (live) => (broken.value = !live),
  })
}

function stop(): void {
  close?.()
  close = null
  broken.value = false
}

/** News while the app is open: one stream for all pages. */
export function useLive() {
  return {
    /** The message that came last while the app was open. */
    latest,
    /** True while the line is down and the browser is dialling again. */
    broken,
    /** Listens while somebody is signed in. Call once, at the app's start. */
    start(): void {
      watch(() => me.value?.person.id, (id) => (id ? open() : stop()), { immediate: true })
      watch(me, badge)
    },
    /** Stops listening while the app is out of sight (mini-program), and starts again. */
    pause: stop,
    resume(): void {
      if (me.value) open()
    },
    /** Puts the number on the tab again; a tab page calls it when it is shown. */
    badge,
    /** Tells the server that everything up to `upTo` was seen on one side. Never throws: the marks come right next time. */
    async markRead(side: Side, upTo: string): Promise<void> {
      try {
        take(await api.post('/api/messages/read', { body: { role: side, up_to: upTo } }))
      } catch {
        return
      }
    },
  }
}
