import { privacyRefusal } from './privacy'

import { IS_MP } from '@/config'
import { gcjOf } from '@/utils/gcj'
import { spotOf, type Spot } from '@/utils/spots'

/**
 * `closed`: the person turned back. `refused`: the position may not be read. `insecure`: the page has no https, where browsers
 * tell nobody where they are. `unavailable`: no position could be found. `declined` and `undeclared`: see `privacyRefusal`.
 */
export type LocationOutcome =
  | { readonly kind: 'spot'; readonly spot: Spot; /** Metres the phone may be off; 0 where it was chosen on a map. */ readonly accuracy: number }
  | { readonly kind: 'closed' | 'refused' | 'insecure' | 'unavailable' | 'declined' | 'undeclared' }

/** The mini-program opens WeChat's map; the browser can only tell where the person is now. */
export const HAS_MAP = IS_MP

const PATIENCE_MS = 12_000
const STALE_MS = 60_000

function refusalOf(cause: { errno?: number; errMsg?: string }): LocationOutcome {
  const refusal = privacyRefusal(cause)
  if (refusal) return { kind: refusal }
  if (/cancel/i.test(cause.errMsg ?? '')) return { kind: 'closed' }
  return { kind: /auth|deny|denied/i.test(cause.errMsg ?? '') ? 'refused' : 'unavailable' }
}

/** WeChat's map speaks GCJ-02 already. */
function chooseOnMap(known: Spot | null): Promise<LocationOutcome> {
  const around = known ? { latitude: known.lat_e6 / 1_000_000, longitude: known.lng_e6 / 1_000_000 } : {}
  return new Promise((resolve) => {
    uni.chooseLocation({
      ...around,
      // Confirmed without a place under the pin, some clients answer without coordinates.
      success: ({ latitude, longitude }) => resolve(latitude && longitude ? { kind: 'spot', spot: spotOf(Number(latitude), Number(longitude)), accuracy: 0 } : { kind: 'closed' }),
      fail: (cause: { errno?: number; errMsg?: string }) => resolve(refusalOf(cause)),
    })
  })
}

function askBrowser(): Promise<LocationOutcome> {
  if (!window.isSecureContext) return Promise.resolve({ kind: 'insecure' })
  const { geolocation } = navigator as { geolocation?: Geolocation }
  if (!geolocation) return Promise.resolve({ kind: 'unavailable' })
  return new Promise((resolve) => {
    geolocation.getCurrentPosition(
      ({ coords }) => {
        const there = gcjOf(coords.latitude, coords.longitude)
        resolve({ kind: 'spot', spot: spotOf(there.lat, there.lng), accuracy: Math.round(coords.accuracy) })
      },
      (cause) => resolve({ kind: cause.code === cause.PERMISSION_DENIED ? 'refused' : 'unavailable' }),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: STALE_MS },
    )
  })
}

/** Asks the person for a point: on WeChat's map around the one known, or where this phone is now. Never throws. */
export function askSpot(known: Spot | null): Promise<LocationOutcome> {
  return IS_MP ? chooseOnMap(known) : askBrowser()
}
