import type { components } from '@/api/schema'

export type AddressRead = components['schemas']['AddressReadOut']

/** The parts of the form a pasted text may fill. */
export const PARTS = ['name', 'phone', 'province', 'city', 'district', 'detail', 'building', 'unit', 'room'] as const
export type Part = (typeof PARTS)[number]
export type Parts = Record<Part, string>

/** A part somebody typed that the pasted text says otherwise. */
export interface Conflict {
  readonly part: Part
  readonly value: string
}

export interface Filled {
  /** Only what changes in the form. */
  readonly changes: Partial<Parts>
  readonly conflicts: readonly Conflict[]
  /** Parts that were worked out and not copied: to be looked at. */
  readonly guessed: readonly Part[]
}

/**
 * What a reading changes in the form. Empty parts and those an earlier paste filled (`pasted`) are filled, or emptied where this
 * text does not say them: two addresses never mix. What somebody typed stays and is listed as a conflict when it differs.
 */
export function fillFrom(read: AddressRead, form: Readonly<Parts>, pasted: Readonly<Partial<Parts>>): Filled {
  const changes: Partial<Parts> = {}
  const conflicts: Conflict[] = []
  for (const part of PARTS) {
    const value = read[part]
    const own = form[part].trim()
    if (value === own) continue
    if (!own || own === pasted[part]) changes[part] = value
    else if (value) conflicts.push({ part, value })
  }
  return { changes, conflicts, guessed: PARTS.filter((part) => read.guessed.includes(part) && changes[part] !== undefined) }
}

/** Whom it may be worth offering again: homes of saved addresses in the same estate, without those already typed. */
export function knownHomes<T extends Parts & { readonly id: string }>(saved: readonly T[], form: Readonly<Parts>, ownId: string): T[] {
  const detail = form.detail.trim()
  if (detail.length < 3) return []
  const same = saved.filter((one) => one.id !== ownId && one.city === form.city.trim() && one.detail === detail && Boolean(one.building || one.unit || one.room))
  const seen = new Set([[form.building, form.unit, form.room].map((text) => text.trim()).join('/')])
  return same.filter((one) => {
    const key = [one.building, one.unit, one.room].join('/')
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
