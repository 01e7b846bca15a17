import { computed, ref, shallowRef } from 'vue'

import { AT_ONCE, sent, type ProxyOutcome, type ProxyWish } from './proxy'
import type { GroupBuy } from './types'

import { api, createIntent } from '@/api/http'
import { toastError } from '@/components/ui/feedback'

/** Ordering for neighbours: the choice is confirmed once, and every neighbour gets an answer. */
export function useProxy(groupId: () => string) {
  const step = ref<'choose' | 'confirm' | 'result'>('choose')
  const group = shallowRef<GroupBuy | null>(null)
  const wishes = shallowRef<readonly ProxyWish[]>([])
  const outcomes = shallowRef<readonly ProxyOutcome[]>([])
  const point = ref('')
  const answers = ref<Record<string, string>>({})
  const busy = ref(false)
  const intent = createIntent()

  const totalFen = computed(() => wishes.value.reduce((sum, one) => sum + one.totalFen, 0))
  /** Whether everything is there that an order of this sale needs. */
  const ready = computed(() => {
    const asked = group.value?.questions ?? []
    return wishes.value.length > 0 && wishes.value.every((one) => one.place !== null || one.number > 0 || point.value !== '') && asked.every((one) => !one.required || Boolean(answers.value[one.id]?.trim()))
  })

  async function loadGroup(): Promise<GroupBuy> {
    const found = await api.get('/api/leader/group-buys/{group_buy_id}', { path: { group_buy_id: groupId() } })
    group.value = found
    if (!found.pickup_points.some((one) => one.id === point.value)) point.value = found.pickup_points[0]?.id ?? ''
    return found
  }

  /** Show what would be ordered. */
  async function look(list: readonly ProxyWish[]): Promise<void> {
    if (busy.value || !list.length) return
    busy.value = true
    try {
      await loadGroup()
      wishes.value = list
      step.value = 'confirm'
    } catch (cause) {
      toastError(cause)
    } finally {
      busy.value = false
    }
  }

  function setPaid(index: number, paid: boolean): void {
    wishes.value = wishes.value.map((one, at) => (at === index ? { ...one, paid } : one))
  }

  /** Where this wish goes: an address, or with `place` null to the point. */
  function setPlace(index: number, changes: Partial<ProxyWish>): void {
    wishes.value = wishes.value.map((one, at) => (at === index ? { ...one, ...changes } : one))
  }

  async function confirm(): Promise<void> {
    if (busy.value || !ready.value) return
    busy.value = true
    const done: ProxyOutcome[] = []
    try {
      for (let at = 0; at < wishes.value.length; at += AT_ONCE) {
        const body = {
          pickup_point_id: point.value || null,
          answers: Object.entries(answers.value).map(([question_id, answer]) => ({ question_id, answer })),
          people: wishes.value.slice(at, at + AT_ONCE).map(sent),
        }
        done.push(...(await api.post('/api/leader/group-buys/{group_buy_id}/proxy-orders', { path: { group_buy_id: groupId() }, body, intent })))
      }
      outcomes.value = done
      step.value = 'result'
    } catch (cause) {
      // What was placed already is found again by the same agreement: nothing is ordered twice.
      toastError(cause)
    } finally {
      busy.value = false
    }
  }

  /** Those whose amount has changed, at the new one. */
  function again(): void {
    const rest = wishes.value.flatMap((one, at) => {
      const total = outcomes.value[at]?.problem?.total_fen
      return total == null ? [] : [{ ...one, totalFen: total }]
    })
    wishes.value = rest
    step.value = rest.length ? 'confirm' : 'choose'
  }

  return { step, group, wishes, outcomes, point, answers, busy, totalFen, ready, loadGroup, look, setPaid, setPlace, confirm, again }
}
