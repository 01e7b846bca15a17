import { amountFen, amountText, wholeNumber, type FieldErrors } from './form'

import type { components } from '@/api/schema'
import { t } from '@/i18n'
import { serverNow } from '@/utils/clock'

type Schemas = components['schemas']
export type Coupon = Schemas['CouponOut']
export type CouponIn = Schemas['CouponIn']
export type CouponChange = Schemas['CouponChange']

/** A coupon as it is being typed; amounts in yuan, numbers as text. */
export interface CouponDraft {
  readonly kind: CouponIn['kind']
  readonly minus: string
  readonly percent: string
  readonly cap: string
  readonly threshold: string
  readonly audience: CouponIn['audience']
  readonly groupId: string
  readonly code: string
  readonly startsAt: string
  readonly endsAt: string
  readonly perPerson: string
  readonly total: string
  readonly budget: string
  readonly stopped: boolean
}

const WEEK_MS = 7 * 86_400_000

/** A coupon not issued yet: good for a week from now. */
export function emptyCoupon(): CouponDraft {
  const start = serverNow()
  return {
    kind: 'fixed', minus: '', percent: '', cap: '', threshold: '', audience: 'all', groupId: '', code: '', startsAt: new Date(start).toISOString(),
    endsAt: new Date(start + WEEK_MS).toISOString(), perPerson: '1', total: '', budget: '', stopped: false,
  }
}

/** What may still change of an issue. */
export function couponDraft(saved: Coupon): CouponDraft {
  return {
    ...emptyCoupon(),
    kind: saved.kind,
    startsAt: saved.starts_at,
    endsAt: saved.ends_at,
    total: saved.total ? String(saved.total) : '',
    budget: saved.budget_fen ? amountText(saved.budget_fen) : '',
    stopped: saved.state === 'stopped',
  }
}

function bounds(draft: CouponDraft, errors: FieldErrors): { total: number; budget_fen: number } {
  const total = wholeNumber(draft.total, 999_999)
  const budget = amountFen(draft.budget, 0)
  if (total === null) errors.total = t('leader.form.badNumber')
  if (budget === null) errors.budget_fen = t('leader.form.badAmount')
  return { total: total ?? 0, budget_fen: budget ?? 0 }
}

/** The change of an issue; complaints by the server's field names go into `errors`, and then the answer is null. */
export function readChange(draft: CouponDraft, errors: FieldErrors): CouponChange | null {
  const read = bounds(draft, errors)
  return Object.keys(errors).length ? null : { ...read, ends_at: draft.endsAt, stopped: draft.stopped }
}

/** The body of a new issue; complaints as in `readChange`. */
export function readCoupon(draft: CouponDraft, errors: FieldErrors): CouponIn | null {
  const read = bounds(draft, errors)
  const minus = draft.kind === 'fixed' ? amountFen(draft.minus) : 0
  const percent = draft.kind === 'percent' ? wholeNumber(draft.percent, 99) : 0
  const cap = draft.kind === 'fixed' ? 0 : amountFen(draft.cap, 0)
  const threshold = amountFen(draft.threshold, 0)
  const each = wholeNumber(draft.perPerson, 99)
  if (draft.kind === 'fixed' && !minus) errors.minus_fen = t('leader.form.badAmount')
  if (draft.kind === 'percent' && !percent) errors.percent_off = t('leader.form.badNumber')
  if (cap === null) errors.cap_fen = t('leader.form.badAmount')
  if (threshold === null) errors.threshold_fen = t('leader.form.badAmount')
  if (!each) errors.per_person = t('leader.form.badNumber')
  if (Object.keys(errors).length) return null
  return {
    ...read,
    group_buy_id: draft.groupId || null,
    kind: draft.kind,
    minus_fen: minus ?? 0,
    percent_off: percent ?? 0,
    cap_fen: cap ?? 0,
    threshold_fen: threshold ?? 0,
    audience: draft.audience,
    code: draft.code.trim(),
    starts_at: draft.startsAt,
    ends_at: draft.endsAt,
    per_person: each ?? 1,
  }
}
