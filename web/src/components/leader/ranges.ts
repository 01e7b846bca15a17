import { isoToWall } from '@/utils/time'

/** The ranges a statement offers. */
export type RangeName = 'today' | 'yesterday' | 'week' | 'month' | 'custom'

const DAY_MS = 86_400_000

/** The day in China at this moment: `2026-11-22`. */
export function dayText(ms: number): string {
  return isoToWall(new Date(ms).toISOString()).slice(0, 10)
}

/** Whether a text is a real day as `2026-11-22`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

/** First and last day of a range, weeks beginning on Monday; null for the range people choose themselves. */
export function rangeOf(name: RangeName, nowMs: number): { first: string; last: string } | null {
  const today = dayText(nowMs)
  if (name === 'custom') return null
  if (name === 'today') return { first: today, last: today }
  if (name === 'yesterday') {
    const day = dayText(nowMs - DAY_MS)
    return { first: day, last: day }
  }
  if (name === 'month') return { first: `${today.slice(0, 8)}01`, last: today }
  const sinceMonday = (new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7
  return { first: dayText(nowMs - sinceMonday * DAY_MS), last: today }
}
