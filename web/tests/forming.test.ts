import { describe, expect, it } from 'vitest'

import { readRule, readTiers, ruleDraft, saidForming, tiersDraft } from '@/components/leader/forming-draft'

describe('what a sale settles, as it is typed', () => {
  it('reads a minimum and refuses one that is none', () => {
    expect(readRule({ by: 'people', reach: '20' })).toEqual({ by: 'people', reach: 20 })
    expect(readRule({ by: 'fen', reach: '500' })).toEqual({ by: 'fen', reach: 50000 })
    for (const reach of ['', '1', '0', 'x']) expect(typeof readRule({ by: 'people', reach })).toBe('string')
    expect(ruleDraft({ by: 'fen', reach: 50050 })).toEqual({ by: 'fen', reach: '500.50' })
  })

  it('reads tiers that fall, and nothing else', () => {
    const step = (reach: string, price: string) => ({ reach, price })
    expect(readTiers({ by: 'pieces', steps: [step('10', '9'), step('20', '8')] }, '10')).toEqual({ by: 'pieces', steps: [{ reach: 10, price_fen: 900 }, { reach: 20, price_fen: 800 }] })
    for (const steps of [[step('10', '10')], [step('10', '9'), step('10', '8')], [step('10', '9'), step('20', '9')], [step('', '9')], [step('10', '')]])
      expect(typeof readTiers({ by: 'pieces', steps }, '10')).toBe('string')
    expect(tiersDraft({ by: 'people', steps: [{ reach: 5, price_fen: 990 }] })).toEqual({ by: 'people', steps: [{ reach: '5', price: '9.90' }] })
  })

  it('says it in one line', () => {
    expect(saidForming({ tiers: null, carton: 0, weigh_g: 0 })).toBe('')
    expect(saidForming({ tiers: { by: 'pieces', steps: [{ reach: 10, price_fen: 900 }] }, carton: 12, weigh_g: 0 })).toContain('12')
  })
})
