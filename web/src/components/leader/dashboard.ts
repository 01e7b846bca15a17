import type { Answer } from '@/api/http'
import { t } from '@/i18n'

export type Dashboard = Answer<'/api/leader/stores/{store_id}/dashboard', 'get'>
export type Length = 'today' | 'week' | 'month'
export const LENGTHS: readonly Length[] = ['today', 'week', 'month']

const WHOLE = 10_000

/** `3333` ten-thousandths → `33.3%`; whole numbers without a decimal. */
export function percent(bp: number): string {
  const tenths = Math.round((bp * 1000) / WHOLE)
  return tenths % 10 ? `${Math.floor(tenths / 10)}.${tenths % 10}%` : `${tenths / 10}%`
}

export interface Change {
  readonly text: string
  readonly tone: 'up' | 'down' | 'same'
}

/** How a figure stands to the same time before. From nothing there is no rate: then the words say so. */
export function change(now: number, before: number): Change | null {
  if (before === 0) return now === 0 ? null : { text: t('leader.dash.fromNothing'), tone: 'up' }
  const rate = Math.round(((now - before) * 100) / Math.abs(before))
  if (rate === 0) return { text: t('leader.dash.same'), tone: 'same' }
  return { text: `${rate > 0 ? '↑' : '↓'} ${Math.abs(rate)}%`, tone: rate > 0 ? 'up' : 'down' }
}

/** Width or height of a bar in percent of the longest; what is there at all stays visible. */
export function bar(value: number, most: number): number {
  if (value <= 0 || most <= 0) return 0
  return Math.max(2, Math.round((value * 100) / most))
}

/** `2026-11-23T00:00:00+08:00` → `11-23`, or the hour `08:00` of a day. */
export function slotName(begin: string, days: number): string {
  return days === 1 ? begin.slice(11, 16) : begin.slice(5, 10)
}
