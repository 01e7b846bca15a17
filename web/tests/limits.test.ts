import { describe, expect, it } from 'vitest'

import type { PageOffer } from '@/api/types'
import { readCategories } from '@/components/leader/limits-draft'
import { allowedQuantity } from '@/stores/cart'

function offer(least: number, step: number, stock = 100, limit = 0): PageOffer {
  const limits = { category: '', least, step, per_household: 0, flash: null, ships_on: null }
  return { id: 'o', sku_name: '', price_fen: 1, limit_per_person: limit, stock, sold: 0, limits } as PageOffer
}

describe('the quantity an offer sells', () => {
  it('goes up to the fewest, then by the step, and down to nothing', () => {
    const eggs = offer(5, 3)
    expect([1, 7, 9, 10].map((wished) => allowedQuantity(eggs, wished, 0))).toEqual([6, 9, 9, 12])
    expect([8, 6, 5].map((wished) => allowedQuantity(eggs, wished, 9))).toEqual([6, 6, 0])
  })

  it('never passes what may be had', () => {
    expect(allowedQuantity(offer(0, 6, 20), 19, 18)).toBe(18)
    expect(allowedQuantity(offer(0, 6, 20, 13), 18, 12)).toBe(12)
    expect(allowedQuantity(offer(4, 0, 3), 1, 0)).toBe(0)
    expect(allowedQuantity(offer(0, 0, 3), 2, 1)).toBe(2)
  })

  it('keeps a cart that is allowed as it is', () => {
    for (let n = 0; n <= 30; n += 1) {
      const once = allowedQuantity(offer(4, 3, 25), n, n)
      expect(allowedQuantity(offer(4, 3, 25), once, once)).toBe(once)
    }
  })
})

describe('categories', () => {
  it('are read one per line and refused when too long, too many or equal', () => {
    expect(readCategories(' 水果 \n\n蔬菜')).toEqual(['水果', '蔬菜'])
    expect(readCategories('水果\n水果')).toBeNull()
    expect(readCategories('一二三四五六七八九十多')).toBeNull()
    expect(readCategories(Array.from({ length: 13 }, (_, n) => `c${n}`).join('\n'))).toBeNull()
  })
})
