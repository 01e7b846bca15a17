import { amountFen, amountText, wholeNumber, type FieldErrors } from './form'
import type { Product, Sku, SkuIn } from './types'

import { uuid4 } from '@/api/idempotency'
import { t } from '@/i18n'

/** One variant as it is being typed. Amounts in yuan, numbers as text. */
export interface SkuDraft {
  readonly key: string
  readonly name: string
  readonly price: string
  readonly cost: string
  readonly limit: string
  readonly code: string
  /** Of one piece, in grams. */
  readonly weight: string
  /** First stock; only for a variant that is not saved yet. */
  readonly stock: string
  readonly saved: Sku | null
}

/** An empty variant. */
export function newSku(): SkuDraft {
  return { key: uuid4(), name: '', price: '', cost: '', limit: '', code: '', weight: '', stock: '', saved: null }
}

/** The saved variants of a product, ready to edit. */
export function skuDrafts(product: Product): SkuDraft[] {
  return product.skus.map((sku) => ({
    key: sku.id || uuid4(),
    name: sku.name,
    price: amountText(sku.price_fen),
    cost: amountText(sku.cost_fen),
    limit: sku.limit_per_person ? String(sku.limit_per_person) : '',
    code: sku.code,
    weight: sku.weight_g ? String(sku.weight_g) : '',
    stock: sku.id ? '' : String(sku.available),
    // One that comes with a change still waiting is not there yet.
    saved: sku.id ? sku : null,
  }))
}

/** Puts the complaints of one draft into `errors` (by `key.field`) and answers its body; null when something is wrong. */
export function readSku(draft: SkuDraft, several: boolean, errors: FieldErrors): SkuIn | null {
  const before = Object.keys(errors).length
  const price = amountFen(draft.price)
  const cost = amountFen(draft.cost)
  const limit = wholeNumber(draft.limit, 9999)
  const stock = wholeNumber(draft.stock)
  const weight = wholeNumber(draft.weight, 1_000_000)
  const complain = (field: string, text: string): void => void (errors[`${draft.key}.${field}`] = text)
  if (several && !draft.name.trim()) complain('name', t('leader.sku.nameMissing'))
  if (price === null) complain('price', t('leader.form.badAmount'))
  if (draft.cost.trim() && cost === null) complain('cost', t('leader.form.badAmount'))
  if (limit === null) complain('limit', t('leader.form.badNumber'))
  if (weight === null) complain('weight', t('leader.form.badNumber'))
  if (!draft.saved && stock === null) complain('stock', t('leader.form.badNumber'))
  if (Object.keys(errors).length > before || price === null || limit === null || weight === null) return null
  return {
    ...(draft.saved ? { id: draft.saved.id } : { stock }),
    name: draft.name.trim(),
    code: draft.code.trim(),
    price_fen: price,
    cost_fen: cost,
    limit_per_person: limit,
    weight_g: weight,
  }
}
