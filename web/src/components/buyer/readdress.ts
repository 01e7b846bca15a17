import { PHONE } from './checkout'

import type { Answer } from '@/api/http'
import { t } from '@/i18n'

/** What may be changed of where an order goes. */
export type Readdress = Answer<'/api/orders/{order_id}/address', 'get'>
export type Recipient = NonNullable<Readdress['parts']>

export const NOBODY: Recipient = { name: '', phone: '', province: '', city: '', district: '', detail: '', building: '', unit: '', room: '' }

/** What still has to be filled in, by field; empty when it can be sent. */
export function lacking(form: Recipient, pickup: boolean): Partial<Record<keyof Recipient, string>> {
  const errors: Partial<Record<keyof Recipient, string>> = {}
  if (!form.name.trim()) errors.name = t('buyer.needName')
  if (!PHONE.test(form.phone.trim())) errors.phone = t('buyer.needPhone')
  if (pickup) return errors
  if (!form.province.trim()) errors.province = t('buyer.needProvince')
  if (!form.city.trim()) errors.city = t('buyer.needCity')
  if (!form.detail.trim()) errors.detail = t('buyer.needDetail')
  return errors
}

/** As the server takes it. */
export function trimmed(form: Recipient): Recipient {
  return Object.fromEntries(Object.entries(form).map(([part, text]) => [part, text.trim()])) as Recipient
}
