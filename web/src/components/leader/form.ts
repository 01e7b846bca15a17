import { ApiError } from '@/api/errors'
import { errorText } from '@/i18n'
import { fenToYuan, yuanToFen } from '@/utils/money'

/** Sentences by field name, for the `error` of each field. */
export type FieldErrors = Record<string, string>

interface NamedField {
  readonly field?: unknown
}

function names(error: ApiError): string[] {
  const { field, fields } = error.details
  const listed = Array.isArray(fields) ? (fields as NamedField[]).map((one) => one.field) : []
  return [field, ...listed].filter((name): name is string => typeof name === 'string' && name !== '')
}

/** The refusal beside the field it is about; empty when the server named none. `skus.2.price_fen` also counts for `skus`. */
export function fieldErrors(error: unknown): FieldErrors {
  if (!(error instanceof ApiError)) return {}
  const sentence = errorText(error)
  const found: FieldErrors = {}
  for (const name of names(error)) {
    found[name] = sentence
    found[name.split('.')[0] ?? name] = sentence
  }
  return found
}

/** What a person typed as a whole number from 0 to `max`; null when it is none. Empty means 0. */
export function wholeNumber(text: string, max = 99_999_999): number | null {
  const clean = text.trim()
  if (clean === '') return 0
  if (!/^\d{1,8}$/.test(clean)) return null
  const value = Number(clean)
  return value <= max ? value : null
}

/** Fen for an amount field; '' counts as `empty`, null says it is no amount. */
export function amountFen(text: string, empty: number | null = null): number | null {
  return text.trim() === '' ? empty : yuanToFen(text)
}

/** The text of an amount field: `3990` → `39.90`, `4000` → `40`. */
export function amountText(fen: number | null | undefined): string {
  return fen === null || fen === undefined ? '' : fenToYuan(fen).replace(/\.00$/, '')
}
