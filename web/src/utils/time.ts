const pad = (n: number): string => String(n).padStart(2, '0')

export interface TimeLeft {
  readonly days: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
  readonly over: boolean
}

/** Splits a span in milliseconds; a span that has passed is all zero and `over`. Rounds up, so 0 is shown only when it is over. */
export function splitTime(ms: number): TimeLeft {
  const total = Math.max(0, Math.ceil(ms / 1000))
  return {
    days: Math.floor(total / 86_400),
    hours: Math.floor((total % 86_400) / 3600),
    minutes: Math.floor((total % 3600) / 60),
    seconds: total % 60,
    over: total === 0,
  }
}

/** `1天 02:03:04`, or `02:03:04` on the last day. */
export function formatTimeLeft(ms: number, dayWord = '天'): string {
  const left = splitTime(ms)
  const clock = `${pad(left.hours)}:${pad(left.minutes)}:${pad(left.seconds)}`
  return left.days > 0 ? `${left.days}${dayWord} ${clock}` : clock
}

/** ISO text → epoch milliseconds; NaN when it is no time. */
export function toMs(iso: string): number {
  return Date.parse(iso)
}

const SHANGHAI_MS = 8 * 3_600_000

/** A moment on the wall clock of China (UTC+8, no summer time), whatever the phone is set to. */
function wall(iso: string): Date {
  return new Date(toMs(iso) + SHANGHAI_MS)
}

/** ISO → `11-22 18:30`; with the year when it is not this year. */
export function formatDateTime(iso: string, nowMs: number = Date.now()): string {
  const at = wall(iso)
  if (Number.isNaN(at.getTime())) return ''
  const sameYear = new Date(nowMs + SHANGHAI_MS).getUTCFullYear() === at.getUTCFullYear()
  const day = `${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`
  return `${sameYear ? '' : `${at.getUTCFullYear()}-`}${day} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}`
}

/** Wall time of China as typed (`2026-11-22 18:30`) → ISO with offset; null when it is not a time. */
export function wallToIso(text: string): string | null {
  const match = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2})$/.exec(text.trim())
  if (!match) return null
  const iso = `${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:00+08:00`
  return Number.isNaN(Date.parse(iso)) ? null : iso
}

/** ISO → `2026-11-22 18:30` on the wall clock of China, the form pickers and fields use. */
export function isoToWall(iso: string): string {
  const at = wall(iso)
  if (Number.isNaN(at.getTime())) return ''
  const day = `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`
  return `${day} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}`
}
