import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type PayWays = Schemas['PayWaysOut']
export type MerchantAccount = Schemas['MerchantAccountOut']
export type MerchantKeys = Schemas['MerchantKeysIn']
export type PayTrouble = Schemas['PayTroubleOut']

/** What the form holds; secrets are never filled in from the server. */
export function merchantDraft(account: MerchantAccount | null): MerchantKeys {
  const own = account?.mode === 'direct' ? account : null
  return {
    mchid: own?.mchid ?? '',
    merchant_serial: '',
    private_key: '',
    certificate: '',
    apiv3_key: '',
    key_mode: own?.key_mode ?? 'public_key',
    public_key_id: '',
    public_key: '',
  }
}

export type PayState = 'own' | 'operator' | 'none' | 'off' | 'unchecked' | 'refused' | 'trouble'

/** The one word for how WeChat Pay stands in this store. An account that waits or was refused comes first. */
export function payState(ways: PayWays): PayState {
  const state = ways.account && ways.account.mode !== 'operator' ? ways.account.state : 'checked'
  if (state !== 'checked') return state
  if (ways.trouble) return 'trouble'
  return ways.route === 'operator' && !ways.wechatpay_ready ? 'off' : ways.route
}
