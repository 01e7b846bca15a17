import { IS_H5 } from '@/config'
import { syncClock } from '@/utils/clock'

/** First data the server writes into the document, so that a shared link paints without waiting for a request. */
export interface BootData {
  /** Page to open when the address is a short link, for example `/pages/g/index?code=abc`. */
  readonly route?: string
  /** Server time in epoch milliseconds. */
  readonly now?: number
  /** Answers by request path with query. */
  readonly api?: Readonly<Record<string, unknown>>
}

// Data older than this is not "first data" any more: a page opened later must ask the server.
const FRESH_MS = 20_000

let data: BootData | null = null
let loadedAt = 0
let answers = new Map<string, unknown>()

/** One spelling per request: the same query in another order is the same request. */
export function canonicalPath(path: string): string {
  const [base = '', query] = path.split('?')
  if (!query) return base
  return `${base}?${query.split('&').filter(Boolean).sort().join('&')}`
}

function parse(text: string): BootData {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as BootData) : {}
  } catch {
    // A damaged snapshot only costs the head start; the page asks the server as usual.
    return {}
  }
}

/** Takes boot data in; `useBoot` calls it once with the script element's text. */
export function loadBoot(text: string, nowMs: number = Date.now()): BootData {
  data = parse(text)
  loadedAt = nowMs
  answers = new Map(Object.entries(data.api ?? {}).map(([path, body]) => [canonicalPath(path), body]))
  if (typeof data.now === 'number') syncClock(data.now, nowMs)
  return data
}

/** The injected data of this document; empty in the mini-program and when the server injected none. */
export function useBoot(): BootData {
  if (data) return data
  const element = IS_H5 && typeof document !== 'undefined' ? document.getElementById('yt-boot') : null
  return loadBoot(element?.textContent ?? '{}')
}

/** The injected answer of this GET, given out once; undefined when there is none (any more). */
export function takeBootAnswer(path: string, nowMs: number = Date.now()): { body: unknown } | undefined {
  useBoot()
  const key = canonicalPath(path)
  if (!answers.has(key) || nowMs - loadedAt > FRESH_MS) return undefined
  const body = answers.get(key)
  answers.delete(key)
  return { body }
}
