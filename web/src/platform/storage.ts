import { IS_MP } from '@/config'

/** Everything this app keeps on the phone. No personal data: only the session token and preferences. */
interface Stored {
  /** The store of somebody else's a helper works in. */
  workStore: string
  token: string
  locale: 'zh' | 'en'
  large: boolean
  sound: boolean
  /** Which side a person who buys and sells looked at last. */
  role: 'buyer' | 'leader'
  /** Whether the demo's tour was left, so that it does not open by itself again. */
  tourSeen: boolean
  /** Share tokens by group buy code: which link an order came through. */
  shares: Record<string, string>
  /** What the person said to WeChat's one-time messages, by template: so that nobody is asked again and again. */
  subscribe: Record<string, { at: number; refusals: number }>
  /** Carts by group buy code (offer id → quantity), so that a killed app does not lose what was chosen. */
  carts: Record<string, Record<string, number>>
}

const PREFIX = 'yt.'

/** Reads one stored value; undefined when it is absent or storage is closed (private mode). */
export function readStored<K extends keyof Stored>(key: K): Stored[K] | undefined {
  try {
    const value: unknown = uni.getStorageSync(PREFIX + key)
    return value === '' || value === undefined || value === null ? undefined : (value as Stored[K])
  } catch {
    // A browser may refuse storage; the app works without it, only forgetful.
    return undefined
  }
}

/** Writes one value; a full or closed storage is ignored on purpose, see `readStored`. */
export function writeStored<K extends keyof Stored>(key: K, value: Stored[K] | undefined): void {
  try {
    if (value === undefined) uni.removeStorageSync(PREFIX + key)
    else uni.setStorageSync(PREFIX + key, value)
  } catch {
    return
  }
}

/** Bearer token of the mini-program session; H5 uses an http-only cookie that scripts never see. */
export function readToken(): string {
  return IS_MP ? (readStored('token') ?? '') : ''
}

/** Keeps (or with '' forgets) the bearer token. Does nothing on H5. */
export function saveToken(token: string): void {
  if (IS_MP) writeStored('token', token || undefined)
}
