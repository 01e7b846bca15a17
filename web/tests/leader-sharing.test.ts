import { describe, expect, it } from 'vitest'

import { percentText, SPLIT_TONES, termsState, type SplitParty, type SplitTerms } from '@/components/leader/use-sharing'
import * as words from '@/i18n/leader-splits'

const party: SplitParty = { kind: 'MERCHANT_ID', name: '某公司', number: '1900000201', rate_bp: 250, state: 'active', problem: '', problem_en: '' }
const terms: SplitTerms = {
  id: '1', state: 'agreed', rate_bp: 250, reason: '服务费', proposed_at: '2026-11-23T00:00:00Z', agreed_at: '2026-11-23T00:00:00Z', in_force: true,
  parties: [party],
}

describe('an agreement to share', () => {
  it('tells apart what counts, what waits and what was refused', () => {
    expect(termsState(terms)).toBe('on')
    expect(termsState({ ...terms, in_force: false, parties: [{ ...party, state: 'pending' }] })).toBe('adding')
    expect(termsState({ ...terms, in_force: false, parties: [party, { ...party, state: 'refused' }] })).toBe('stuck')
  })

  it('writes rates as people read them', () => {
    expect([1, 50, 200, 250, 1205].map(percentText)).toEqual(['0.01%', '0.5%', '2%', '2.5%', '12.05%'])
  })

  it('has a word and a colour for every state, and a word for every reason', () => {
    for (const state of Object.keys(SPLIT_TONES)) expect(words.zh).toHaveProperty([`leader.splits.split.${state}`])
    for (const why of ['refunded', 'zero', 'ended', 'late', 'closed', 'given_up', 'lapsed']) expect(words.zh).toHaveProperty([`leader.splits.why.${why}`])
    expect(Object.keys(words.en).sort()).toEqual(Object.keys(words.zh).sort())
  })
})
