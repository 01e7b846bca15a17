import { computed, ref, type ComputedRef } from 'vue'

import type { PayWays } from './merchant-draft'
import type { Tone } from './types'

import { api } from '@/api/http'
import type { components } from '@/api/schema'
import { confirmDialog, toast, toastError } from '@/components/ui/feedback'
import { t } from '@/i18n'
import { useLoad } from '@/utils/use-load'

type Schemas = components['schemas']

export type ProfitSharing = Schemas['ProfitSharingOut']
export type SplitTerms = Schemas['SplitTermsOut']
export type SplitParty = Schemas['SplitPartyOut']
export type Split = Schemas['SplitOut']

export const SPLIT_TONES: Record<Split['state'], Tone> = { planned: 'amber', sharing: 'amber', freeing: 'amber', trouble: 'red', done: 'green', freed: 'neutral' }

/** `250` → `2.5%`. */
export function percentText(rateBp: number): string {
  return `${String(Number((rateBp / 100).toFixed(2)))}%`
}

/** The one word for an agreement: whether payments made now are shared. */
export function termsState(terms: SplitTerms): 'on' | 'adding' | 'stuck' {
  if (terms.in_force) return 'on'
  return terms.parties.some((party) => party.state === 'refused') ? 'stuck' : 'adding'
}

/** Profit sharing on the page of ways to be paid: only a sub-merchant of the operator has it. */
export function useSharing(storeId: ComputedRef<string>, guarded: <T>(work: () => Promise<T>) => Promise<T>) {
  const busy = ref(false)
  const { data: sharing, error, run } = useLoad(() => api.get('/api/leader/stores/{store_id}/profit-sharing', { path: { store_id: storeId.value } }))
  const shown = computed(() => Boolean(sharing.value && (sharing.value.proposal || sharing.value.agreement || sharing.value.splits.length)))

  function load(ways: PayWays | undefined): void {
    if (ways?.account?.mode === 'partner') void run()
  }

  async function work(call: () => Promise<ProfitSharing>, done: string): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      sharing.value = await guarded(call)
      toast(done)
    } catch (cause) {
      toastError(cause)
      void run()
    } finally {
      busy.value = false
    }
  }

  const path = (terms: SplitTerms) => ({ store_id: storeId.value, terms_id: terms.id })

  async function agree(terms: SplitTerms): Promise<void> {
    const title = t('leader.splits.agreeTitle', { rate: percentText(terms.rate_bp) })
    if (!(await confirmDialog({ title, text: t('leader.splits.agreeText'), confirmText: t('leader.splits.agree') }))) return
    await work(
      () => api.post('/api/leader/stores/{store_id}/profit-sharing/{terms_id}/agree', { path: path(terms), body: { rate_bp: terms.rate_bp } }),
      t('leader.splits.agreed'),
    )
  }

  async function decline(terms: SplitTerms): Promise<void> {
    if (!(await confirmDialog({ title: t('leader.splits.declineTitle'), text: t('leader.splits.declineText') }))) return
    await work(() => api.post('/api/leader/stores/{store_id}/profit-sharing/{terms_id}/decline', { path: path(terms) }), t('leader.splits.declined'))
  }

  async function end(terms: SplitTerms): Promise<void> {
    if (!(await confirmDialog({ title: t('leader.splits.endTitle'), text: t('leader.splits.endText'), danger: true }))) return
    await work(() => api.post('/api/leader/stores/{store_id}/profit-sharing/{terms_id}/end', { path: path(terms) }), t('leader.splits.ended'))
  }

  return { sharing, error, shown, busy, load, run, agree, decline, end }
}
