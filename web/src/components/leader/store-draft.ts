import { amountFen, amountText, type FieldErrors } from './form'
import type { FreightTemplate } from './freight-draft'
import type { Store, StoreIn } from './types'

import type { UploadedPicture } from '@/components/ui/YtUploader.vue'
import { t } from '@/i18n'

/** The store's settings as they are being typed; amounts in yuan. */
export interface StoreDraft {
  readonly name: string
  readonly cover: readonly UploadedPicture[]
  readonly introduction: string
  readonly notice: string
  readonly wechat: string
  readonly phone: string
  readonly policy: string
  readonly courier: boolean
  readonly freightKind: 'flat' | 'free_above' | 'template'
  readonly template: FreightTemplate | null
  /** What is typed wrong in the template. */
  readonly templateWrong: string
  readonly freight: string
  readonly freeAbove: string
  readonly pickup: boolean
  readonly wechatpay: boolean
  readonly offline: boolean
  readonly collection: readonly UploadedPicture[]
  readonly offlineNote: string
  readonly returnName: string
  readonly returnPhone: string
  readonly returnAddress: string
}

/** A store that is not there yet. */
export function emptyStore(): StoreDraft {
  return {
    name: '', cover: [], introduction: '', notice: '', wechat: '', phone: '', policy: '',
    courier: true, freightKind: 'flat', template: null, templateWrong: '', freight: '', freeAbove: '', pickup: false,
    wechatpay: true, offline: false, collection: [], offlineNote: '',
    returnName: '', returnPhone: '', returnAddress: '',
  }
}

/** The saved settings, ready to edit; where a change waits for its check, with that change. */
export function storeDraft(saved: Store): StoreDraft {
  const store = saved.wanted ?? saved
  return {
    name: store.name,
    cover: store.cover ? [store.cover] : [],
    introduction: store.introduction,
    notice: store.notice,
    wechat: store.contact_wechat,
    phone: store.contact_phone,
    policy: store.aftersale_policy,
    courier: store.courier_enabled,
    freightKind: store.freight_kind,
    template: store.freight_template ?? null,
    templateWrong: '',
    freight: amountText(store.freight_fen),
    freeAbove: store.freight_kind === 'free_above' ? amountText(store.free_above_fen) : '',
    pickup: store.pickup_enabled,
    wechatpay: store.wechatpay_enabled,
    offline: store.offline_enabled,
    collection: store.collection_code ? [store.collection_code] : [],
    offlineNote: store.offline_note,
    returnName: store.return_name,
    returnPhone: store.return_phone,
    returnAddress: store.return_address,
  }
}

/** The body of the settings; complaints by the server's field names go into `errors`, and then the answer is null. */
export function readStore(draft: StoreDraft, errors: FieldErrors): StoreIn | null {
  const freight = amountFen(draft.freight, 0)
  const freeAbove = draft.freightKind === 'free_above' ? amountFen(draft.freeAbove) : 0
  if (draft.name.trim().length < 2) errors.name = t('leader.store.nameBad')
  if (draft.courier && freight === null) errors.freight_fen = t('leader.form.badAmount')
  if (draft.courier && freeAbove === null) errors.free_above_fen = t('leader.form.badAmount')
  if (draft.courier && draft.freightKind === 'template' && (draft.templateWrong || !draft.template)) errors.freight_template = draft.templateWrong || t('leader.freight.bad')
  if (!draft.courier && !draft.pickup) errors.courier_enabled = t('leader.store.deliveryMissing')
  if (!draft.wechatpay && !draft.offline) errors.wechatpay_enabled = t('leader.store.payMissing')
  if (Object.keys(errors).length) return null
  return {
    name: draft.name.trim(),
    cover_media_id: draft.cover[0]?.id ?? null,
    introduction: draft.introduction.trim(),
    notice: draft.notice.trim(),
    contact_wechat: draft.wechat.trim(),
    contact_phone: draft.phone.trim(),
    aftersale_policy: draft.policy.trim(),
    courier_enabled: draft.courier,
    freight_kind: draft.freightKind,
    freight_fen: freight ?? 0,
    free_above_fen: freeAbove ?? 0,
    freight_template: draft.template,
    pickup_enabled: draft.pickup,
    wechatpay_enabled: draft.wechatpay,
    offline_enabled: draft.offline,
    collection_code_media_id: draft.collection[0]?.id ?? null,
    offline_note: draft.offlineNote.trim(),
    return_name: draft.returnName.trim(),
    return_phone: draft.returnPhone.trim(),
    return_address: draft.returnAddress.trim(),
  }
}
