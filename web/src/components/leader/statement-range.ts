import { isoToWall } from '@/utils/time'

/** A span of whole days in China, both ends included, as `2026-11-22`. */
export interface DaySpan {
  readonly first: string
  readonly last: string
}

export type Preset = 'today' | 'yesterday' | 'week' | 'month'

/** Longest span the server answers. */
export const MAX_DAYS = 366

const DAY_MS = 86_400_000

function utc(day: string): number {
  return Date.parse(`${day}T00:00:00Z`)
}

function plus(day: string, days: number): string {
  return new Date(utc(day) + days * DAY_MS).toISOString().slice(0, 10)
}

/** The day in China of a moment in epoch milliseconds. */
export function chinaDay(ms: number): string {
  return isoToWall(new Date(ms).toISOString()).slice(0, 10)
}

/** Today, yesterday, this week (from Monday) or this month, the last two up to today. */
export function presetSpan(preset: Preset, today: string): DaySpan {
  if (preset === 'month') return { first: `${today.slice(0, 8)}01`, last: today }
  if (preset === 'yesterday') return { first: plus(today, -1), last: plus(today, -1) }
  if (preset === 'today') return { first: today, last: today }
  const sinceMonday = (new Date(utc(today)).getUTCDay() + 6) % 7
  return { first: plus(today, -sinceMonday), last: today }
}

/** What is wrong with a span somebody chose; '' when nothing is. */
export function spanTrouble(span: DaySpan): '' | 'order' | 'long' {
  const days = (utc(span.last) - utc(span.first)) / DAY_MS
  if (days < 0) return 'order'
  return days >= MAX_DAYS ? 'long' : ''
}
