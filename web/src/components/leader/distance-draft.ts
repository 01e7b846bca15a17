import { amountFen, amountText } from './form'
import type { FreightTemplate } from './freight-draft'

import type { components } from '@/api/schema'
import { t } from '@/i18n'
import { kmText, readKm, type Spot } from '@/utils/spots'

type Band = components['schemas']['Band']

/** One band as it is being typed; kilometres and amounts in yuan as text. */
export interface BandDraft {
  readonly km: string
  readonly fee: string
  readonly freeAbove: string
  readonly least: string
}

export interface DistanceDraft {
  readonly origin: Spot | null
  readonly bands: readonly BandDraft[]
}

export const MOST_BANDS = 12

/** Two bands to begin with, so that the leader sees what one is. */
export function emptyDistance(): DistanceDraft {
  const band = { fee: '', freeAbove: '', least: '' }
  return { origin: null, bands: [{ ...band, km: '3' }, { ...band, km: '5' }] }
}

/** The next band lies beyond the last one. */
export function nextBand(bands: readonly BandDraft[]): BandDraft {
  const last = readKm(bands[bands.length - 1]?.km ?? '') ?? 0
  return { km: kmText(Math.min(100_000, last + 2000)), fee: '', freeAbove: '', least: '' }
}

/** Saved bands, ready to edit. */
export function distanceDraft(saved: FreightTemplate | null | undefined): DistanceDraft {
  if (!saved?.distance) return emptyDistance()
  const bands = saved.distance.bands.map((band) => ({
    km: kmText(band.up_to_m),
    fee: amountText(band.fee_fen),
    freeAbove: band.free_above_fen ? amountText(band.free_above_fen) : '',
    least: band.least_fen ? amountText(band.least_fen) : '',
  }))
  return { origin: saved.distance.origin, bands }
}

function readBand(draft: BandDraft): Band | null {
  const [upTo, fee, free, least] = [readKm(draft.km), amountFen(draft.fee, 0), amountFen(draft.freeAbove, 0), amountFen(draft.least, 0)]
  return upTo === null || fee === null || free === null || least === null ? null : { up_to_m: upTo, fee_fen: fee, free_above_fen: free, least_fen: least }
}

/** Bands as they are sent, or the sentence that says what is wrong. */
export function readDistance(draft: DistanceDraft): NonNullable<FreightTemplate['distance']> | string {
  if (!draft.origin) return t('leader.distance.needOrigin')
  const bands: Band[] = []
  for (const typed of draft.bands) {
    const band = readBand(typed)
    if (!band) return t('leader.distance.bad')
    const before = bands[bands.length - 1]
    if (before && band.up_to_m <= before.up_to_m) return t('leader.distance.rise')
    if (before && band.fee_fen < before.fee_fen) return t('leader.distance.cheaper')
    bands.push(band)
  }
  return bands.length ? { origin: draft.origin, bands } : t('leader.distance.bad')
}
