import { describe, expect, it } from 'vitest'

import { labelsOf, resultsOf } from '@/components/leader/share-rows'
import { chinaDay, presetSpan, spanTrouble } from '@/components/leader/statement-range'
import type { Share } from '@/components/leader/types'

function share(part: Partial<Share>): Share {
  return {
    id: '1',
    token: 't',
    kind: 'link',
    label: '',
    url: '',
    text: '',
    poster_url: '',
    qr_url: '',
    card_url: '',
    mini_path: '',
    opens: 0,
    orders: 0,
    paid_orders: 0,
    created_at: '2026-11-22T10:00:00Z',
    ...part,
  }
}

describe('the spans of a statement', () => {
  it('begins a week on Monday', () => {
    expect(presetSpan('week', '2026-11-23')).toEqual({ first: '2026-11-23', last: '2026-11-23' })
    expect(presetSpan('week', '2026-11-22')).toEqual({ first: '2026-11-16', last: '2026-11-22' })
    expect(presetSpan('week', '2026-12-02')).toEqual({ first: '2026-11-30', last: '2026-12-02' })
  })

  it('begins a month on the first and takes yesterday over the turn of a year', () => {
    expect(presetSpan('month', '2026-11-22')).toEqual({ first: '2026-11-01', last: '2026-11-22' })
    expect(presetSpan('yesterday', '2027-01-01')).toEqual({ first: '2026-12-31', last: '2026-12-31' })
    expect(presetSpan('today', '2026-11-22')).toEqual({ first: '2026-11-22', last: '2026-11-22' })
  })

  it('counts days in China', () => {
    expect(chinaDay(Date.parse('2026-11-22T15:59:59Z'))).toBe('2026-11-22')
    expect(chinaDay(Date.parse('2026-11-22T16:00:00Z'))).toBe('2026-11-23')
  })

  it('refuses spans the server would refuse', () => {
    expect(spanTrouble({ first: '2026-11-22', last: '2026-11-21' })).toBe('order')
    expect(spanTrouble({ first: '2026-01-01', last: '2027-01-01' })).toBe('')
    expect(spanTrouble({ first: '2026-01-01', last: '2027-01-02' })).toBe('long')
  })
})

describe('what the shares of a sale brought', () => {
  const shares = [
    share({ id: '4', kind: 'poster', label: '东湖群', opens: 4, orders: 1, created_at: '2026-11-22T13:00:00Z' }),
    share({ id: '3', kind: 'link', label: '东湖群', opens: 8, orders: 2, paid_orders: 2, created_at: '2026-11-22T12:00:00Z' }),
    share({ id: '2', kind: 'link', label: '西园群', opens: 20, orders: 5, paid_orders: 4, created_at: '2026-11-22T11:00:00Z' }),
    share({ id: '1' }),
  ]

  it('lists each group once, oldest first', () => {
    expect(labelsOf(shares)).toEqual(['西园群', '东湖群'])
  })

  it('adds up the ways into one group and puts the best first', () => {
    expect(resultsOf(shares).map(({ label, opens, orders, paid }) => ({ label, opens, orders, paid }))).toEqual([
      { label: '西园群', opens: 20, orders: 5, paid: 4 },
      { label: '东湖群', opens: 12, orders: 3, paid: 2 },
      { label: '', opens: 0, orders: 0, paid: 0 },
    ])
  })

  it('tells the parts only where there is more than one', () => {
    expect(resultsOf(shares).map((row) => row.parts.map((part) => part.id))).toEqual([[], ['4', '3'], []])
  })
})
