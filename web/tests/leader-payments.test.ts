import { describe, expect, it } from 'vitest'

import { applicationDraft, GROUPS, PICTURES, SECRETS, type Application } from '@/components/leader/application-draft'
import { merchantDraft, payState, type MerchantAccount, type PayTrouble, type PayWays } from '@/components/leader/merchant-draft'
import { isMessageKey } from '@/i18n'
import '@/i18n/leader-words'

const account: MerchantAccount = {
  id: '1', mode: 'direct', state: 'checked', problem: '', problem_text: '', problem_text_en: '', problem_words: '', checked_at: null,
  mchid: '1900000301', sub_mchid: '', serial_tail: '3F17', apiv3_tail: 'rhTB', key_mode: 'certificate', public_key_tail: '',
}
const ways: PayWays = {
  store_id: '1', wechatpay_enabled: true, offline_enabled: false, route: 'own', wechatpay_ready: true, several_leaders: true,
  partner_offered: false, account, trouble: null, application: null, appids: [],
}

describe('how WeChat Pay stands', () => {
  it('lets an account that waits or was refused speak first', () => {
    expect(payState(ways)).toBe('own')
    expect(payState({ ...ways, route: 'operator', account: { ...account, state: 'refused' } })).toBe('refused')
    expect(payState({ ...ways, route: 'none', account: { ...account, state: 'unchecked' } })).toBe('unchecked')
  })

  it("tells the operator's account, none, and nothing configured apart", () => {
    const mark: MerchantAccount = { ...account, mode: 'operator', mchid: '' }
    expect(payState({ ...ways, route: 'operator', account: mark })).toBe('operator')
    expect(payState({ ...ways, route: 'none', account: null, wechatpay_ready: false })).toBe('none')
    expect(payState({ ...ways, route: 'operator', account: null, wechatpay_ready: false })).toBe('off')
  })
})

describe('an account in trouble', () => {
  const trouble: PayTrouble = { problem: 'permission', text: '没有权限', text_en: 'No permission.', words: 'NO_AUTH', since: '2026-05-12T10:00:00Z', own: true }

  it('is said before whose account it is, and after what the leader must mend first', () => {
    expect(payState({ ...ways, route: 'none', trouble })).toBe('trouble')
    expect(payState({ ...ways, route: 'none', account: null, trouble: { ...trouble, own: false } })).toBe('trouble')
    expect(payState({ ...ways, route: 'none', account: { ...account, state: 'refused' }, trouble })).toBe('refused')
  })
})

describe('forms', () => {
  it('never fills a secret in', () => {
    const draft = merchantDraft(account)
    expect([draft.mchid, draft.key_mode]).toEqual(['1900000301', 'certificate'])
    expect([draft.private_key, draft.apiv3_key, draft.public_key, draft.merchant_serial]).toEqual(['', '', '', ''])
    expect(merchantDraft({ ...account, mode: 'partner' }).mchid).toBe('')
  })

  it('keeps what is known of an application and leaves out what is masked', () => {
    const form = Object.fromEntries(GROUPS.flatMap((group) => group.fields).map((name) => [name, SECRETS.includes(name) ? '…002X' : 'x']))
    const before = { form } as unknown as Application
    const draft = applicationDraft(before) as Record<string, string>
    for (const name of SECRETS) expect(draft[name]).toBeUndefined()
    expect(draft.merchant_name).toBe('x')
    expect(applicationDraft(null)).toEqual({ subject_type: 'individual', account_type: 'personal' })
  })

  it('has a word for every field', () => {
    for (const name of GROUPS.flatMap((group) => group.fields)) expect(isMessageKey(`leader.apply4.${name}`), name).toBe(true)
    for (const name of PICTURES) expect(GROUPS.some((group) => group.fields.includes(name)), name).toBe(true)
  })
})
