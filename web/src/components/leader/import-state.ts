import type { ImportProblem, ImportRow, ShipImport, Tone } from './types'

import { isMessageKey, t } from '@/i18n'

const WORKING = ['reading', 'booking', 'undoing']

/** True while the server works on it, so that asking again soon makes sense. */
export function isWorking(one: Pick<ShipImport, 'state'>): boolean {
  return WORKING.includes(one.state)
}

/** Colour of a batch's state. */
export function importTone(state: string): Tone {
  if (state === 'booked') return 'green'
  if (state === 'refused') return 'red'
  return state === 'undone' || state === 'discarded' ? 'neutral' : 'amber'
}

/** The batch's state in words. */
export function stateText(state: string): string {
  const key = `leader.import.state.${state}`
  return isMessageKey(key) ? t(key) : state
}

/** Problems of one weight, in the server's order. */
export function ofWeight(one: ShipImport, weight: ImportProblem['weight']): readonly ImportProblem[] {
  return one.problems.filter((problem) => problem.weight === weight)
}

function results(one: ShipImport, ...names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (one.results[name] ?? 0), 0)
}

/** [done, all] rows of what the worker is doing now. */
export function progress(one: ShipImport): readonly [number, number] {
  if (one.state === 'undoing') {
    const done = results(one, 'undone', 'kept')
    return [done, done + results(one, 'booked', 'partly', 'corrected')]
  }
  const done = results(one, 'booked', 'partly', 'corrected', 'same', 'refused')
  return [done, done + results(one, 'waiting')]
}

/** How many rows a confirmation would ship: those that are right, and the doubtful ones all of whose doubts are agreed to. */
export function agreedRows(one: Pick<ShipImport, 'ready' | 'doubts'>, agreed: ReadonlySet<string>): number {
  const fitting = one.doubts.filter((some) => some.codes.every((code) => agreed.has(code)))
  return fitting.reduce((sum, some) => sum + some.rows, one.ready)
}

/** What a shifted stretch means for the leader. */
export function shiftText(shift: ShipImport['shifts'][number]): string {
  const values = { first: shift.first, last: shift.last, n: Math.abs(shift.offset) }
  return t(shift.offset < 0 ? 'leader.import.shiftDown' : 'leader.import.shiftUp', values)
}

function words(data: ImportRow['problems'][number]['data']): string {
  const text = (name: string): string => {
    const value: unknown = data[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  if (text('sheet')) return t('leader.import.sheetOrder', { sheet: text('sheet'), order: text('order') })
  if (text('before')) return t('leader.import.before', { before: text('before') })
  if (text('looks_like')) return t('leader.import.looksLike', { name: text('looks_like') })
  if (text('orders')) return t('leader.import.orders', { n: text('orders') })
  if (text('row')) return t('leader.import.otherRow', { row: text('row') })
  if (text('number')) return t('leader.import.otherOrder', { number: text('number') })
  return text('name')
}

/** One line per problem of a row, in the language in use. */
export function problemTexts(row: ImportRow, english: boolean): readonly string[] {
  return row.problems.map((problem) => {
    const more = words(problem.data)
    const text = english ? problem.text_en : problem.text
    return more ? `${text} · ${more}` : text
  })
}
