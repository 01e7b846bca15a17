import { describe, expect, it } from 'vitest'

import type { Quote } from '@/api/types'
import { bestCopy, couponWorth, type Coupon } from '@/components/buyer/money'
import { emptyCoupon, readChange, readCoupon } from '@/components/leader/coupon-draft'
import { emptyDistance } from '@/components/leader/distance-draft'
import { emptyRule, freightDraft, readFreight, readRegions, type FreightTemplate } from '@/components/leader/freight-draft'
import { readReduction, reductionDraft } from '@/components/leader/money-draft'

const NOW = Date.parse('2026-11-23T10:00:00Z')
const FIXED: Coupon = {
  id: '1', title: '满 ¥50.00 减 ¥5.00', title_en: '', kind: 'fixed', minus_fen: 500, percent_off: 0, cap_fen: 0, threshold_fen: 5000, audience: 'all',
  whole_store: true, starts_at: '2026-11-22T10:00:00Z', ends_at: '2026-12-22T10:00:00Z', claimable: false, problem: '', problem_en: '', free: ['11'],
}
const TENTH: Coupon = { ...FIXED, id: '2', kind: 'percent', percent_off: 10, cap_fen: 800, threshold_fen: 0, free: ['12'] }
const FREE: Coupon = { ...FIXED, id: '3', kind: 'freight', threshold_fen: 0, free: ['13'] }

function quote(goods: number, freight: number, off = 0): Quote {
  return { goods_fen: goods, freight_fen: freight, deductions: off ? [{ kind: 'reduction', fen: off, text: '', text_en: '' }] : [] } as unknown as Quote
}

describe('the coupon offered first', () => {
  it('saves most, and is none where nothing fits', () => {
    expect(bestCopy([FIXED, TENTH, FREE], quote(4000, 300), NOW)).toBe('12')
    expect(bestCopy([FIXED, TENTH, FREE], quote(4000, 600), NOW)).toBe('13')
    expect(bestCopy([FIXED, TENTH, FREE], quote(9000, 300), NOW)).toBe('12')
    expect(bestCopy([FIXED], quote(5000, 0), NOW)).toBe('11')
    expect(bestCopy([FIXED], quote(5000, 0, 1), NOW)).toBe('')
    expect(bestCopy([FREE], quote(5000, 0), NOW)).toBe('')
    expect(bestCopy([], quote(5000, 0), NOW)).toBe('')
  })

  it('is worth nothing before its time and without a free copy', () => {
    expect(couponWorth({ ...FIXED, starts_at: '2026-11-24T10:00:00Z' }, 9000, 0, NOW)).toBe(-1)
    expect(couponWorth({ ...FIXED, free: [] }, 9000, 0, NOW)).toBe(-1)
    expect(couponWorth(TENTH, 90000, 0, NOW)).toBe(800)
  })
})

describe('full reductions', () => {
  it('reads steps that rise and refuses others', () => {
    const steps = [{ reach: '99', minus: '10' }, { reach: '199', minus: '25' }]
    expect(readReduction({ by: 'fen', repeating: false, steps })).toEqual({ by: 'fen', repeating: false, steps: [{ reach: 9900, minus_fen: 1000 }, { reach: 19900, minus_fen: 2500 }] })
    expect(readReduction({ by: 'fen', repeating: true, steps })).toEqual({ by: 'fen', repeating: true, steps: [{ reach: 9900, minus_fen: 1000 }] })
    expect(readReduction({ by: 'pieces', repeating: false, steps: [{ reach: '3', minus: '5' }] })).toEqual({ by: 'pieces', repeating: false, steps: [{ reach: 3, minus_fen: 500 }] })
    for (const wrong of [[{ reach: '10', minus: '10' }], [{ reach: '', minus: '1' }], [...steps].reverse()]) expect(typeof readReduction({ by: 'fen', repeating: false, steps: wrong })).toBe('string')
  })

  it('comes back from the server as it went', () => {
    const saved = { by: 'fen' as const, repeating: false, steps: [{ reach: 9900, minus_fen: 1050 }] }
    expect(readReduction(reductionDraft(saved))).toEqual(saved)
  })
})

describe('freight by region', () => {
  it('comes back from the server as it went', () => {
    const rest = { regions: [], refused: false, first: 1000, first_fen: 800, more: 500, more_fen: 150, free_above_fen: 9900, free_pieces: 3, least_fen: 0 }
    const saved: FreightTemplate = { by: 'weight', rest, rules: [{ ...rest, regions: ['浙江省 杭州市', '上海市'], refused: true }] }
    expect(readFreight(freightDraft(saved))).toEqual(saved)
  })

  it('reads regions one per line and says what is wrong', () => {
    expect(readRegions(' 浙江省  杭州市 \n上海市、江苏省\n上海市')).toEqual(['浙江省 杭州市', '上海市', '江苏省'])
    expect(readRegions('')).toBeNull()
    expect(readRegions('浙江省 杭州市 西湖区 文三路')).toBeNull()
    expect(typeof readFreight({ by: 'piece', rest: emptyRule(), rules: [emptyRule()], distance: emptyDistance() })).toBe('string')
    expect(typeof readFreight({ by: 'piece', rest: { ...emptyRule(), firstFen: '8.888' }, rules: [], distance: emptyDistance() })).toBe('string')
  })
})

describe('a coupon being written', () => {
  it('needs its worth, and carries no bound that was not typed', () => {
    const errors = {}
    expect(readCoupon(emptyCoupon(), errors)).toBeNull()
    expect(Object.keys(errors)).toEqual(['minus_fen'])
    const body = readCoupon({ ...emptyCoupon(), minus: '5', threshold: '30', code: ' yan88 ' }, {})
    expect(body).toMatchObject({ kind: 'fixed', minus_fen: 500, threshold_fen: 3000, code: 'yan88', total: 0, budget_fen: 0, per_person: 1, group_buy_id: null })
    expect(readCoupon({ ...emptyCoupon(), kind: 'percent', percent: '15', cap: '20' }, {})).toMatchObject({ percent_off: 15, cap_fen: 2000, minus_fen: 0 })
    expect(readChange({ ...emptyCoupon(), total: 'x' }, {})).toBeNull()
    expect(readChange({ ...emptyCoupon(), total: '20', budget: '500', stopped: true }, {})).toMatchObject({ total: 20, budget_fen: 50000, stopped: true })
  })
})
