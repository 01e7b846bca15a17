import { amountFen, wholeNumber } from './form'

import type { Answer } from '@/api/http'
import { fenToYuan } from '@/utils/money'

export type SupplierRead = Answer<'/api/leader/stores/{store_id}/read-supplier', 'post'>
type Mark = SupplierRead['title_mark']

/** One variant as the leader sees and changes it; texts are what stands in the fields. */
export interface SpecDraft {
  readonly name: string
  readonly price: string
  readonly limit: string
  readonly stock: string
  readonly cost: number | null
  readonly mark: Mark
  /** The library's variant of this name; '' for one to be made. */
  readonly sku: string
}

export interface GoodDraft {
  readonly key: number
  readonly title: string
  readonly mark: Mark
  readonly specs: readonly SpecDraft[]
}

/** Goods the library has with every variant are offered from there, with its own stock; others are made. */
export function isKnown(good: GoodDraft): boolean {
  return good.specs.length > 0 && good.specs.every((spec) => spec.sku)
}

/** What was read, as fields. */
export function goodsOf(read: SupplierRead): GoodDraft[] {
  return read.goods.map((good, key) => ({
    key,
    title: good.title,
    mark: good.mark,
    specs: good.specs.map((spec) => ({
      name: spec.name,
      price: spec.price_fen === null ? '' : fenToYuan(spec.price_fen),
      limit: spec.limit ? String(spec.limit) : '',
      stock: spec.stock === null ? '' : String(spec.stock),
      cost: spec.cost_fen,
      mark: spec.price,
      sku: spec.sku_id ?? '',
    })),
  }))
}

export interface SkuBody {
  name: string
  code: string
  price_fen: number
  cost_fen: number | null
  limit_per_person: number
  weight_g: number
  stock: number
}

/** A variant's body, or which field is missing. A known one keeps the stock it has. */
export function skuOf(spec: SpecDraft, known = false): SkuBody | 'price' | 'stock' {
  const price = amountFen(spec.price, 0)
  const stock = known ? 0 : spec.stock.trim() ? wholeNumber(spec.stock, 1_000_000) : null
  if (price === null || !spec.price.trim()) return 'price'
  if (stock === null) return 'stock'
  return { name: spec.name.trim().slice(0, 30), code: '', price_fen: price, cost_fen: spec.cost, limit_per_person: wholeNumber(spec.limit, 9999) ?? 0, weight_g: 0, stock }
}
