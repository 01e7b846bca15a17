import { afterEach, describe, expect, it } from 'vitest'

import { groupDraft, readGroup } from '@/components/leader/group-draft'
import { readSku, skuDrafts } from '@/components/leader/sku-draft'
import { storeDraft } from '@/components/leader/store-draft'
import type { GroupBuy, Offer, Product, Sku, Store } from '@/components/leader/types'
import { setLocale } from '@/i18n'
import { either } from '@/i18n/either'

const OFFER: Offer = { id: 'o1', sku_id: 's1', product_id: 'p1', title: '大米', sku_name: '', picture: null, price_fen: 3990, limit_per_person: 0, own_stock: false, available: 30, held: 0, sold: 0, options: { limits: { category: '', least: 2, step: 0, per_household: 0 } } }
const SALE = {
  id: 'g1', kind: 'dated', title: '周末水果团', status: 'open', blocks: [{ kind: 'text', text: '今早现摘' }], offers: [OFFER], starts_at: '2026-11-22T08:00:00Z',
  ends_at: '2026-11-24T08:00:00Z', courier_enabled: true, pickup_enabled: false, pickup_points: [], questions: [], show_joined: true, options: { limits: {} },
} as unknown as GroupBuy
const SKU: Sku = { id: 's1', name: '5kg', code: '', price_fen: 6980, cost_fen: null, limit_per_person: 2, weight_g: 0, available: 30, held: 0, sold: 0 }

afterEach(() => setLocale('zh'))

describe('an edit that waits for its check', () => {
  it('fills the form of a sale, and a new offer is sent with its stock', () => {
    const fresh: Offer = { ...OFFER, id: '', sku_id: 's2', title: '鸡蛋', own_stock: true, available: 7 }
    const wanted = { ...SALE, title: '周末鸡蛋团', offers: [{ ...OFFER, price_fen: 2990 }, fresh] } as GroupBuy
    const draft = groupDraft({ ...SALE, wanted })
    expect(draft.title).toBe('周末鸡蛋团')
    expect(draft.offers.map((offer) => [offer.saved?.id ?? '', offer.price, offer.stock])).toEqual([['o1', '29.90', ''], ['', '39.90', '7']])
    expect(readGroup(draft, { shelf: false, published: true }, {})?.offers.map((offer) => offer.stock)).toEqual([null, 7])
  })

  it('keeps the options that no panel touched', () => {
    const body = readGroup(groupDraft({ ...SALE, wanted: null }), { shelf: false, published: true }, {})
    expect([body?.options, body?.offers[0]?.options]).toEqual([{ limits: {} }, { limits: { category: '', least: 2, step: 0, per_household: 0 } }])
  })

  it('is not there when it was given up', () => {
    expect(groupDraft({ ...SALE, wanted: null }).title).toBe('周末水果团')
  })

  it('fills the form of goods, and a new variant is added', () => {
    const product = { skus: [SKU, { ...SKU, id: '', name: '10kg', available: 9 }] } as unknown as Product
    const [old, fresh] = skuDrafts(product)
    expect([old?.saved?.id, old?.stock, fresh?.saved, fresh?.stock]).toEqual(['s1', '', null, '9'])
    expect(fresh && readSku(fresh, true, {})).toMatchObject({ name: '10kg', stock: 9 })
    expect(old?.key).not.toBe(fresh?.key)
  })

  it('fills the form of the store', () => {
    const store = { name: '小满的果园', notice: '', freight_kind: 'flat', freight_fen: 0, free_above_fen: 0 } as unknown as Store
    expect(storeDraft({ ...store, wanted: { ...store, notice: '周六休息' } }).notice).toBe('周六休息')
  })
})

describe('texts of the server', () => {
  it('follow the switch, and stay Chinese where there is no English', () => {
    expect(either('完成支付', 'Paid')).toBe('完成支付')
    setLocale('en')
    expect([either('完成支付', 'Paid'), either('完成支付', ''), either('完成支付', undefined)]).toEqual(['Paid', '完成支付', '完成支付'])
  })
})
