import { afterEach, describe, expect, it, vi } from 'vitest'

import { serverNow, syncClock } from '@/utils/clock'
import { formatDateTime, formatTimeLeft, isoToWall, splitTime, wallToIso } from '@/utils/time'

const SECOND = 1000
const HOUR = 3600 * SECOND

describe('time left', () => {
  it.each([
    [0, '00:00:00'],
    [-5000, '00:00:00'],
    [1, '00:00:01'],
    [59_001, '00:01:00'],
    [HOUR, '01:00:00'],
    [25 * HOUR + 2 * SECOND, '1天 01:00:02'],
  ])('shows %i ms as %s', (ms, text) => expect(formatTimeLeft(ms)).toBe(text))

  it('is over only at the end', () => {
    expect(splitTime(1).over).toBe(false)
    expect(splitTime(0).over).toBe(true)
  })
})

describe('wall clock of China', () => {
  it('shows the same wall time whatever zone the moment was written in', () => {
    const now = Date.parse('2026-11-22T00:00:00Z')
    expect(formatDateTime('2026-11-22T20:00:00+08:00', now)).toBe('11-22 20:00')
    expect(formatDateTime('2026-11-22T12:00:00Z', now)).toBe('11-22 20:00')
    expect(formatDateTime('2027-01-01T00:00:00+08:00', now)).toBe('2027-01-01 00:00')
    expect(formatDateTime('nonsense', now)).toBe('')
  })

  it('goes there and back', () => {
    expect(wallToIso('2026-12-01 18:30')).toBe('2026-12-01T18:30:00+08:00')
    expect(isoToWall('2026-12-01T10:30:00Z')).toBe('2026-12-01 18:30')
    for (const bad of ['', '2026-13-01 00:00', '2026-12-01', '2026-12-01 25:00']) expect(wallToIso(bad)).toBeNull()
  })
})

describe('server clock', () => {
  afterEach(() => {
    vi.useRealTimers()
    syncClock(Date.now())
  })

  it('follows the server, not the phone', () => {
    vi.useFakeTimers({ now: 1_000_000 })
    syncClock(1_060_000)
    expect(serverNow()).toBe(1_060_000)
    vi.advanceTimersByTime(5000)
    expect(serverNow()).toBe(1_065_000)
    syncClock(Number.NaN)
    expect(serverNow()).toBe(1_065_000)
  })
})
