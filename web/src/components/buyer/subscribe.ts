import { computed, ref } from 'vue'

import { api, type Answer } from '@/api/http'
import { toast } from '@/components/ui/feedback'
import { IS_MP } from '@/config'
import { t } from '@/i18n'
import { requestSubscribe, type SubscribeAnswer } from '@/platform/notify'
import { readStored, writeStored } from '@/platform/storage'

type Role = 'buyer' | 'leader'
type Memory = Readonly<Record<string, { readonly at: number; readonly refusals: number }>>

const DAY_MS = 86_400_000
// After one no we let a fortnight pass; after two we never begin by ourselves again.
const REST_MS = 14 * DAY_MS
const ENOUGH_REFUSALS = 2

const templates = ref<Answer<'/api/subscribe/templates', 'get'>>({ buyer: [], leader: [] })
let asking: Promise<void> | null = null

/** Of these templates the ones it is decent to ask for without being asked to. */
export function mayOffer(ids: readonly string[], memory: Memory, nowMs: number): string[] {
  return ids.filter((id) => {
    const said = memory[id]
    if (!said || said.refusals === 0) return true
    return said.refusals < ENOUGH_REFUSALS && nowMs - said.at > REST_MS
  })
}

/** What is remembered after an answer. A yes forgets earlier refusals: the person changed their mind. */
export function remember(memory: Memory, answer: SubscribeAnswer, nowMs: number): Memory {
  const said = answer.accepted.map((id) => [id, { at: nowMs, refusals: 0 }] as const)
  const no = answer.refused.map((id) => [id, { at: nowMs, refusals: (memory[id]?.refusals ?? 0) + 1 }] as const)
  return { ...memory, ...Object.fromEntries([...said, ...no]) }
}

/** Fetches what may be asked for, once: WeChat opens its sheet only straight from a tap, so it must be known before. */
export function prepareSubscribe(): void {
  if (!IS_MP || templates.value.buyer.length || templates.value.leader.length) return
  asking ??= api
    .get('/api/subscribe/templates', { auth: 'quiet' })
    .then((found) => void (templates.value = found))
    // Without them there is no question; the next page that wants to ask tries again.
    .catch(() => undefined)
    .finally(() => (asking = null))
}

async function put(ids: readonly string[]): Promise<SubscribeAnswer> {
  const answer = await requestSubscribe(ids)
  writeStored('subscribe', remember(readStored('subscribe') ?? {}, answer, Date.now()))
  const told = [...answer.accepted.map((id) => ({ id, accepted: true })), ...answer.refused.map((id) => ({ id, accepted: false }))]
  // A permit the server does not hear of is lost, which costs one message; it must not cost the step under way.
  await Promise.all(told.map(({ id, accepted }) => api.post('/api/subscribe/consents', { body: { template_id: id, accepted }, auth: 'quiet' }).catch(() => undefined)))
  return answer
}

/** Leave for WeChat's one-time messages: each yes lets the shop send one message. Mini-program only; see `prepareSubscribe`. */
export function useSubscribe(role: Role) {
  const given = ref(false)
  return {
    /** Whether a button makes sense here. */
    possible: computed(() => templates.value[role].length > 0),
    /** They said yes on this page already. */
    given,
    /** The person asked for it by a button. Call it from the tap. */
    async ask(): Promise<void> {
      const answer = await put(templates.value[role])
      given.value = answer.accepted.length > 0
      if (given.value) toast(t('buyer.subscribed'))
      else if (answer.switchedOff) toast(t('wx.subscribeOff'))
    },
    /**
     * A natural moment to ask by ourselves: says nothing, keeps to `mayOffer`, never fails. Call it from a tap before anything is
     * waited for, or from the end of a payment; await it before leaving the page.
     */
    async offer(): Promise<void> {
      const ids = mayOffer(templates.value[role], readStored('subscribe') ?? {}, Date.now())
      if (ids.length) given.value = (await put(ids)).accepted.length > 0
    },
  }
}
