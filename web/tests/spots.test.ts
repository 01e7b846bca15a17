import { afterEach, describe, expect, it, vi } from 'vitest'

import { distanceDraft, emptyDistance, nextBand, readDistance } from '@/components/leader/distance-draft'
import { freightDraft, readFreight, type FreightTemplate } from '@/components/leader/freight-draft'
import '@/i18n/leader-words'
import { askSpot } from '@/platform/location'
import { gcjOf } from '@/utils/gcj'
import { kmText, readKm, readSpot, spotOf, spotText } from '@/utils/spots'

afterEach(() => vi.unstubAllGlobals())

const SHOP = { lat_e6: 31_230_400, lng_e6: 121_473_700 }

describe('a phone on the maps of the mainland', () => {
  // Pairs that every published converter of GCJ-02 is tested with.
  it.each([
    [31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
    [22.543847, 113.912316, 22.540796131694766, 113.9171764808363],
    [39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
  ])('%f, %f', (lat, lng, gcjLat, gcjLng) => {
    const there = gcjOf(lat, lng)
    expect(there.lat).toBeCloseTo(gcjLat, 6)
    expect(there.lng).toBeCloseTo(gcjLng, 6)
  })

  it('shifts by hundreds of metres within the range and not at all elsewhere', () => {
    for (let lat = 20; lat <= 50; lat += 3) {
      for (let lng = 75; lng <= 133; lng += 4) {
        const there = gcjOf(lat, lng)
        const metres = Math.hypot((there.lat - lat) * 111_195, (there.lng - lng) * 111_195 * Math.cos((lat / 180) * Math.PI))
        expect(metres).toBeGreaterThan(30)
        expect(metres).toBeLessThan(1200)
      }
    }
    expect(gcjOf(48.8566, 2.3522)).toEqual({ lat: 48.8566, lng: 2.3522 })
    expect(gcjOf(-33.8688, 151.2093)).toEqual({ lat: -33.8688, lng: 151.2093 })
  })
})

describe('pasted coordinates', () => {
  it.each(['31.2304, 121.4737', '121.4737,31.2304', '３１．２３０４，１２１．４７３７', '纬度:31.2304 经度:121.4737', '(31.230400 121.473700)', '31.2304N 121.4737E'])('reads %s', (text) => {
    expect(readSpot(text)).toEqual(SHOP)
  })

  it.each(['', '31.2304', '31.23, 121.47', '31, 121', '31.2304, 121.4737, 8', '人民广场', '95.1234, 190.1234', '31.2304, 191.4737'])('does not read %s', (text) => {
    expect(readSpot(text)).toBeNull()
  })

  it('writes what it reads', () => {
    expect(spotText(SHOP)).toBe('31.23040, 121.47370')
    expect(readSpot(spotText(SHOP))).toEqual(SHOP)
    expect(spotText(spotOf(-33.8688, 151.2093))).toBe('-33.86880, 151.20930')
  })
})

describe('kilometres', () => {
  it.each([
    ['3', 3000, '3'],
    ['2.3', 2300, '2.3'],
    ['0.1', 100, '0.1'],
    ['１２．５', 12_500, '12.5'],
    ['100', 100_000, '100'],
  ])('%s', (typed, metres, text) => {
    expect(readKm(typed)).toBe(metres)
    expect(kmText(metres)).toBe(text)
  })

  it.each(['', '0', '0.0', '2.35', '100.1', '1e1', '-1', '三'])('refuses %s', (typed) => expect(readKm(typed)).toBeNull())
})

describe('bands as a leader types them', () => {
  const saved: FreightTemplate = {
    ...(readFreight(freightDraft(null)) as FreightTemplate),
    distance: { origin: SHOP, bands: [{ up_to_m: 1500, fee_fen: 0, free_above_fen: 0, least_fen: 2000 }, { up_to_m: 3000, fee_fen: 550, free_above_fen: 9900, least_fen: 0 }] },
  }

  it('are sent as they were saved', () => {
    expect(freightDraft(saved).by).toBe('distance')
    expect(readFreight(freightDraft(saved))).toEqual(saved)
    expect(distanceDraft(saved).bands[1]).toEqual({ km: '3', fee: '5.50', freeAbove: '99', least: '' })
  })

  it('come back as regions when the leader turns to those, without the bands', () => {
    const turned = readFreight({ ...freightDraft(saved), by: 'piece' }) as FreightTemplate
    expect(turned.distance ?? null).toBeNull()
  })

  it('need a place, distances that rise and fees that never fall', () => {
    const band = { fee: '5', freeAbove: '', least: '' }
    const read = (bands: object[]) => readDistance({ origin: SHOP, bands: bands as never })
    expect(readDistance(emptyDistance())).toContain('从哪里送出')
    expect(read([{ ...band, km: '3' }, { ...band, km: '3' }])).toContain('一段比一段远')
    expect(read([{ ...band, km: '3' }, { ...band, km: '5', fee: '4' }])).toContain('不能比近的便宜')
    expect(read([{ ...band, km: '3.25' }])).toContain('公里数')
    expect(read([{ ...band, km: '3', fee: '5.555' }])).toContain('公里数')
    expect(read([])).toContain('公里数')
    expect(nextBand(emptyDistance().bands).km).toBe('7')
  })
})

describe('where this phone is', () => {
  function browser(geolocation: object | undefined, secure = true): void {
    vi.stubGlobal('window', { isSecureContext: secure })
    vi.stubGlobal('navigator', { geolocation })
  }
  const fails = (code: number) => ({ getCurrentPosition: (_ok: unknown, no: (cause: object) => void) => no({ code, PERMISSION_DENIED: 1 }) })

  it('is told as the maps show it', async () => {
    browser({ getCurrentPosition: (ok: (found: object) => void) => ok({ coords: { latitude: 31.1774276, longitude: 121.5272106, accuracy: 34.6 } }) })
    expect(await askSpot(null)).toEqual({ kind: 'spot', spot: { lat_e6: 31_175_304, lng_e6: 121_531_542 }, accuracy: 35 })
  })

  it.each([
    [fails(1), true, 'refused'],
    [fails(2), true, 'unavailable'],
    [fails(3), true, 'unavailable'],
    [undefined, true, 'unavailable'],
    [fails(2), false, 'insecure'],
  ] as const)('or why not', async (geolocation, secure, kind) => {
    browser(geolocation, secure)
    expect(await askSpot(null)).toEqual({ kind })
  })
})
