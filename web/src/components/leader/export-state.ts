import type { OrderExport, Tone } from './types'

const ACTIVE = ['waiting_approval', 'queued', 'running']

/** True while the server still works on it, so that asking again soon makes sense. */
export function isActive(one: OrderExport): boolean {
  return ACTIVE.includes(one.state)
}

/** Whole percent of the orders written; 100 only when it is done. */
export function percent(one: OrderExport): number {
  if (one.state === 'done') return 100
  return Math.min(99, Math.floor((one.orders_done * 100) / Math.max(1, one.orders_total)))
}

/** Colour of the state's tag. */
export function exportTone(state: string): Tone {
  if (state === 'done') return 'green'
  if (state === 'failed' || state === 'rejected') return 'red'
  return ACTIVE.includes(state) ? 'amber' : 'neutral'
}

/** `920 KB`, `1.4 MB`. */
export function sizeText(bytes: number): string {
  const kilo = Math.max(1, Math.round(bytes / 1024))
  return kilo < 1000 ? `${kilo} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
