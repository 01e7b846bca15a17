import type { components } from '@/api/schema'
import type { Tone } from './types'

type Schemas = components['schemas']

export type Application = Schemas['ApplicationOut']
export type ApplicationForm = Schemas['ApplicationIn']
export type FieldName = keyof ApplicationForm

/** Of these the server tells the last characters only; empty keeps what it has. */
export const SECRETS: readonly FieldName[] = ['contact_mobile', 'contact_email', 'id_number', 'id_address', 'account_number']
export const PICTURES: readonly FieldName[] = ['license_media_id', 'id_front_media_id', 'id_back_media_id', 'qualification_media_id']

export interface Group {
  readonly card: 'license' | 'identity' | 'shop' | 'bank'
  readonly fields: readonly FieldName[]
}

export const GROUPS: readonly Group[] = [
  { card: 'license', fields: ['subject_type', 'license_media_id', 'license_number', 'merchant_name'] },
  { card: 'identity', fields: ['id_front_media_id', 'id_back_media_id', 'id_name', 'id_number', 'id_address', 'id_begin', 'id_end'] },
  { card: 'shop', fields: ['contact_mobile', 'contact_email', 'short_name', 'service_phone', 'settlement_id', 'qualification_type', 'qualification_media_id'] },
  { card: 'bank', fields: ['account_type', 'account_name', 'account_bank', 'account_number', 'bank_address_code', 'bank_name'] },
]

export const TONES: Record<string, Tone> = {
  editing: 'neutral',
  sending: 'amber',
  auditing: 'amber',
  rejected: 'red',
  to_confirm: 'blue',
  to_sign: 'blue',
  signing: 'amber',
  finished: 'green',
  canceled: 'neutral',
}

/** The form to type into: what the server has, secrets empty. */
export function applicationDraft(before: Application | null): ApplicationForm {
  const known = { ...before?.form } as Record<string, string>
  for (const name of SECRETS) delete known[name]
  return { subject_type: 'individual', account_type: 'personal', ...known } as ApplicationForm
}
