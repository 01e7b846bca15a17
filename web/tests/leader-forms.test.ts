import { afterEach, describe, expect, it, vi } from 'vitest'

import { ApiError } from '@/api/errors'
import { fullPictures } from '@/api/transport'
import { amountText, fieldErrors, wholeNumber, type FieldErrors } from '@/components/leader/form'
import { emptyGroup, lacks, newQuestion, pickedOffer, readGroup, type GroupDraft } from '@/components/leader/group-draft'
import { allPieces, pieceBody, toHandOut, toRefund, toShip } from '@/components/leader/pieces'
import { newSku, readSku } from '@/components/leader/sku-draft'
import { emptyStore, readStore } from '@/components/leader/store-draft'
import type { OrderLine, Product } from '@/components/leader/types'

const SKU = { id: 's1', name: '5kg', code: '', price_fen: 6980, cost_fen: null, limit_per_person: 2, weight_g: 0, available: 30, held: 0, sold: 0 }
const PRODUCT: Product = { id: 'p1', title: '大米', description: '', pictures: [], skus: [SKU], archived: false, on_shelf: false, updated_at: '2026-11-22T08:00:00Z' }
const STORE = { courier_enabled: true, pickup_enabled: false, pickup_points: [] }

function line(part: Partial<OrderLine>): OrderLine {
  return {
    id: 'l1', offer_id: 'o1', title: '大米', sku_name: '', sku_code: '', picture_url: '', price_fen: 1000, quantity: 3, amount_fen: 3000,
    freight_share_fen: 0, shipped_quantity: 0, picked_quantity: 0, refunded_quantity: 0, refunded_fen: 0, ...part,
  }
}

function draft(part: Partial<GroupDraft> = {}): GroupDraft {
  return { ...emptyGroup(STORE), title: '周五团', endsAt: '2026-12-01T12:00:00+08:00', offers: [pickedOffer(PRODUCT, SKU)], ...part }
}

afterEach(() => vi.useRealTimers())

describe('form fields', () => {
  it('reads whole numbers only', () => {
    expect(wholeNumber('')).toBe(0)
    expect(wholeNumber(' 12 ')).toBe(12)
    for (const bad of ['1.5', '-1', 'abc', '123456789']) expect(wholeNumber(bad)).toBeNull()
    expect(wholeNumber('10000', 9999)).toBeNull()
  })

  it('shows amounts as people write them', () => {
    expect([amountText(3990), amountText(4000), amountText(null)]).toEqual(['39.90', '40', ''])
  })

  it('puts a refusal beside its field', () => {
    const error = new ApiError({ code: 'fields_invalid', message: '填写有误', status: 422, details: { fields: [{ field: 'skus.0.price_fen' }] } })
    expect(fieldErrors(error)).toEqual({ 'skus.0.price_fen': '填写有误', skus: '填写有误' })
    expect(fieldErrors(new Error('x'))).toEqual({})
  })
})

describe('goods and sales as typed', () => {
  it('reads a new variant and sends no stock for a saved one', () => {
    const errors: FieldErrors = {}
    expect(readSku({ ...newSku(), price: '9.9', stock: '5' }, false, errors)).toMatchObject({ price_fen: 990, stock: 5, cost_fen: null })
    const saved = readSku({ ...newSku(), price: '9.9', saved: SKU }, false, errors)
    expect(saved).toMatchObject({ id: 's1', price_fen: 990 })
    expect(saved).not.toHaveProperty('stock')
    expect(errors).toEqual({})
  })

  it('complains about a variant without name and price', () => {
    const errors: FieldErrors = {}
    const sku = newSku()
    expect(readSku(sku, true, errors)).toBeNull()
    expect(Object.keys(errors).sort()).toEqual([`${sku.key}.name`, `${sku.key}.price`])
  })

  it('starts a sale now when no start was chosen', () => {
    vi.useFakeTimers({ now: Date.parse('2026-11-22T08:00:00Z') })
    const body = readGroup(draft(), { shelf: false, published: false }, {})
    expect(body).toMatchObject({ starts_at: '2026-11-22T08:00:00.000Z', pickup_point_ids: [], offers: [{ sku_id: 's1', price_fen: 6980, limit_per_person: 2, stock: null }] })
  })

  it('refuses an end before the start, and no end; the shelf has none', () => {
    const early: FieldErrors = {}
    expect(readGroup(draft({ startsAt: '2026-12-02T12:00:00+08:00' }), { shelf: false, published: false }, early)).toBeNull()
    expect(Object.keys(early)).toEqual(['ends_at'])
    expect(readGroup(draft({ endsAt: '' }), { shelf: false, published: false }, {})).toBeNull()
    expect(readGroup(draft({ endsAt: '' }), { shelf: true, published: false }, {})?.ends_at).toBeNull()
  })

  it('never sends the stock of a published offer', () => {
    const offer = { id: 'o1', sku_id: 's1', product_id: 'p1', title: '大米', sku_name: '', picture: null, price_fen: 1, limit_per_person: 0, own_stock: true, available: 3, held: 0, sold: 0, options: {} }
    const own = { ...pickedOffer(PRODUCT, SKU), ownStock: true, stock: '3' }
    expect(readGroup(draft({ offers: [{ ...own, saved: offer }] }), { shelf: false, published: true }, {})?.offers[0]?.stock).toBeNull()
    expect(readGroup(draft({ offers: [own] }), { shelf: false, published: true }, {})?.offers[0]?.stock).toBe(3)
  })

  it('asks for two choices and gives every question its own id', () => {
    const first = { ...newQuestion([]), label: '几点在家', kind: 'choice' as const, choices: '上午\n\n' }
    const errors: FieldErrors = {}
    expect(readGroup(draft({ questions: [first] }), { shelf: false, published: false }, errors)).toBeNull()
    expect(Object.keys(errors)).toEqual(['q1.choices'])
    expect(newQuestion([first]).id).toBe('q2')
  })

  it('says what publishing lacks', () => {
    expect(Object.keys(lacks(draft({ offers: [], courier: false })))).toEqual(['offers', 'delivery'])
    expect(lacks(draft())).toEqual({})
  })

  it('reads the store and wants one way to deliver and one to be paid', () => {
    const errors: FieldErrors = {}
    expect(readStore({ ...emptyStore(), name: '果园', courier: false, wechatpay: false }, errors)).toBeNull()
    expect(Object.keys(errors).sort()).toEqual(['courier_enabled', 'wechatpay_enabled'])
    expect(readStore({ ...emptyStore(), name: '果园', freightKind: 'free_above', freight: '8', freeAbove: '99' }, {})).toMatchObject({ freight_fen: 800, free_above_fen: 9900 })
  })
})

describe('pieces of an order', () => {
  const lines = [line({ shipped_quantity: 1 }), line({ id: 'l2', quantity: 2, refunded_quantity: 2 })]

  it('offers only what is left', () => {
    expect(toShip(lines).map((one) => [one.id, one.most])).toEqual([['l1', 2]])
    expect(toHandOut([line({ picked_quantity: 3 })])).toEqual([])
    expect(toRefund(lines).map((one) => one.most)).toEqual([3])
  })

  it('sends no lines for everything and exact ones for a part', () => {
    const from = toShip(lines)
    expect(pieceBody(from, allPieces(from))).toEqual([])
    expect(pieceBody(from, { l1: 1 })).toEqual([{ order_line_id: 'l1', quantity: 1 }])
  })
})

describe('pictures in the mini-program', () => {
  it('get the address of the server, and nothing else changes', () => {
    const answer = { cover_url: '/media/a.webp', lines: [{ picture: null, url: '/api/media/1/private', title: '见 /media/', n: 3 }] }
    expect(fullPictures(answer, 'https://shop.example')).toEqual({ ...answer, cover_url: 'https://shop.example/media/a.webp' })
  })
})
