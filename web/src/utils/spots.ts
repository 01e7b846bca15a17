import type { components } from '@/api/schema'

/** A point on the map: GCJ-02 in millionths of a degree, as the server keeps it. */
export type Spot = components['schemas']['Spot']

const MICRO = 1_000_000

/** The point of a place in degrees. */
export function spotOf(lat: number, lng: number): Spot {
  return { lat_e6: Math.round(lat * MICRO), lng_e6: Math.round(lng * MICRO) }
}

/** `31.23040, 121.47370`: what any map takes. */
export function spotText(spot: Spot): string {
  return `${(spot.lat_e6 / MICRO).toFixed(5)}, ${(spot.lng_e6 / MICRO).toFixed(5)}`
}

/**
 * A pasted pair of coordinates, latitude or longitude first; null where it is none. Fewer than three decimals are no place
 * but a region, so they are not taken.
 */
export function readSpot(text: string): Spot | null {
  const numbers = text.normalize('NFKC').match(/-?\d+(?:\.\d+)?/g) ?? []
  const [first, second] = numbers
  if (numbers.length !== 2 || !first || !second || !/\.\d{3}/.test(first) || !/\.\d{3}/.test(second)) return null
  const pair = [Number(first), Number(second)] as const
  // 高德 writes the longitude first; nowhere in China can one be taken for the other.
  const turned = Math.abs(pair[0]) > 90 || (pair[0] >= 73 && pair[0] <= 136 && pair[1] >= 3 && pair[1] <= 54)
  const [lat, lng] = turned ? [pair[1], pair[0]] : pair
  return Math.abs(lat) <= 90 && Math.abs(lng) <= 180 ? spotOf(lat, lng) : null
}

/** `2.3` of 2300, `3` of 3000: kilometres of whole hundreds of metres. */
export function kmText(metres: number): string {
  const [whole, tenth] = [Math.floor(metres / 1000), Math.floor(metres / 100) % 10]
  return tenth ? `${whole}.${tenth}` : String(whole)
}

/** Metres of kilometres typed with at most one decimal, from 0.1 to 100; null where it is something else. */
export function readKm(text: string): number | null {
  const found = /^(\d{1,3})(?:\.(\d))?$/.exec(text.normalize('NFKC').trim())
  if (!found) return null
  const metres = Number(found[1]) * 1000 + Number(found[2] ?? 0) * 100
  return metres >= 100 && metres <= 100_000 ? metres : null
}
