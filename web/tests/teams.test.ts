import { describe, expect, it } from 'vitest'

import type { GroupBuyPage } from '@/api/types'
import { anySet } from '@/components/leader/group-draft'
import { cartLines, cartTotal } from '@/stores/cart'
import { lowestPrices, NEW_TEAM, teamBody, withTeam } from '@/stores/teams'

function offer(id: string, price: number, team: number | null) {
  return { id, sku_name: '', price_fen: price, limit_per_person: 0, stock: 9, sold: 0, team_fen: team }
}

const PAGE = {
  id: '9',
  code: 'abc',
  payment_methods: ['wechatpay', 'offline'],
  teams: { size: 3, hours: 24, sell_anyway: false, text: '', text_en: '' },
  products: [
    { id: 'p', title: '米', price_min_fen: 1000, price_max_fen: 3990, offers: [offer('a', 3990, 2990), offer('b', 1000, null), offer('c', 2000, 1500)] },
    { id: 'q', title: '油', price_min_fen: 500, price_max_fen: 500, offers: [offer('d', 500, null)] },
  ],
} as unknown as GroupBuyPage

describe('a sale for teams', () => {
  it('shows only what is sold to teams, at their prices', () => {
    const page = withTeam(PAGE, NEW_TEAM)
    expect(page.products.map((product) => [product.id, product.price_min_fen, product.price_max_fen])).toEqual([['p', 1500, 2990]])
    expect(page.payment_methods).toEqual(['wechatpay'])
    expect(cartTotal(cartLines(page, { a: 1, b: 1, d: 2 }))).toBe(2990)
    expect(withTeam(PAGE, '')).toBe(PAGE)
    expect(withTeam({ ...PAGE, teams: null }, NEW_TEAM).products).toHaveLength(2)
  })

  it('tells the server alone, anew, or which team', () => {
    expect([teamBody(''), teamBody(NEW_TEAM), teamBody('77')]).toEqual([null, { id: null }, { id: '77' }])
    expect(lowestPrices(PAGE)).toEqual({ alone: 2000, team: 1500 })
  })

  it('counts as a rule only when teams are on', () => {
    expect(anySet({ teams: { size: 0, hours: 24, sell_anyway: false } })).toBe(false)
    expect(anySet({ teams: { size: 2, hours: 24, sell_anyway: false } })).toBe(true)
  })
})
