import { describe, expect, it } from 'vitest'

import type { GroupBuyPage, OrderRow } from '@/api/types'
import { missing, orderBody, type Choice } from '@/components/buyer/checkout'
import { mostFor, mostForAll, percentOf, piecesOf, pieceShare, type ClaimableLine } from '@/components/buyer/claim'
import { payNext, takePayNext } from '@/components/buyer/pay-next'
import { axisLabels, headline } from '@/components/buyer/words'
import { setLocale } from '@/i18n'
import { cartCount, cartLines, cartTotal } from '@/stores/cart'
import { decodeNext } from '@/utils/routes'

function offer(id: string, price: number, stock: number, limit = 0) {
  return { id, sku_name: '', price_fen: price, limit_per_person: limit, stock, sold: 0 }
}

const PAGE = {
  id: '9',
  code: 'abc',
  questions: [{ id: 'q1', label: '楼栋', kind: 'text', choices: [], required: true }],
  products: [{ id: 'p', title: '米', offers: [offer('a', 1990, 5, 2), offer('b', 100, 0), offer('c', 333, 3)] }],
} as unknown as GroupBuyPage

const CHOICE: Choice = {
  delivery: 'courier',
  address: undefined,
  pickup: { pointId: '', name: ' ', phone: '123', building: '3', unit: '', room: '' },
  payment: 'wechatpay',
  answers: {},
  remark: ' 早点 ',
  anonymous: false,
  couponId: '',
  mosts: {},
  joins: null,
  gifts: [],
  team: null,
}

describe('cart', () => {
  it('never holds more than stock and limit allow, and forgets what is gone', () => {
    const lines = cartLines(PAGE, { a: 9, b: 1, c: 2, gone: 4 })
    expect(lines.map((line) => [line.offer.id, line.quantity])).toEqual([['a', 2], ['c', 2]])
    expect(cartTotal(lines)).toBe(2 * 1990 + 2 * 333)
    expect(cartCount(lines)).toBe(4)
  })
})

describe('checkout', () => {
  it('asks for an address, for the answers, and for whom to hand out to', () => {
    expect(Object.keys(missing(PAGE, CHOICE))).toEqual(['q-q1', 'address'])
    expect(Object.keys(missing(PAGE, { ...CHOICE, delivery: 'pickup', answers: { q1: '3 栋' } }))).toEqual(['point', 'name', 'phone'])
  })

  it('sends only what belongs to the way of delivery', () => {
    const pickup = { ...CHOICE.pickup, pointId: '7', name: '王五', phone: '13800000000' }
    const body = orderBody(PAGE, cartLines(PAGE, { c: 1 }), { ...CHOICE, delivery: 'pickup', pickup, answers: { q1: ' 3 栋 ', q2: ' ' } }, 333, 'tok')
    expect(body).toMatchObject({
      lines: [{ offer_id: 'c', quantity: 1 }],
      address_id: null,
      pickup_point_id: '7',
      contact: { name: '王五', phone: '13800000000', building: '3' },
      expected_total_fen: 333,
      answers: [{ question_id: 'q1', answer: '3 栋' }],
      remark: '早点',
      share_token: 'tok',
    })
  })

  it('pays for the most pieces of a carton that would be taken, and says how many are wanted', () => {
    const lines = cartLines(PAGE, { a: 2, c: 1 })
    const body = orderBody(PAGE, lines, { ...CHOICE, mosts: { c: 3, a: 1 } }, 0, '')
    expect(body.lines).toEqual([
      { offer_id: 'a', quantity: 2, wish: null },
      { offer_id: 'c', quantity: 3, wish: 1 },
    ])
  })
})

describe('claim', () => {
  it('says which part of the most an amount is', () => {
    expect([percentOf(3980, 500), percentOf(3980, 3980), percentOf(3980, 9999), percentOf(0, 5)]).toEqual([13, 100, 100, 0])
  })

  const line = { order_line_id: 'l', quantity_left: 3, quantity_returnable: 1, goods_left_fen: 1000, freight_left_fen: 100, freight_by_piece: true } as ClaimableLine

  it('splits like the server: pieces of any size end at the whole', () => {
    expect([1, 2, 3].map((pieces) => pieceShare(1000, pieces, 3))).toEqual([334, 667, 1000])
    expect(mostFor(line, 1)).toBe(334 + 34)
    expect(mostFor(line, 3)).toBe(1100)
    expect(mostFor(line, 0)).toBe(0)
  })

  it('brings freight along only as the server allows', () => {
    const moved = { ...line, freight_by_piece: false }
    expect(mostFor(moved, 2)).toBe(667)
    expect(mostFor(moved, 3)).toBe(1100)
    expect(mostForAll([line, { ...moved, order_line_id: 'm' }], { l: 1, m: 2 })).toBe(368 + 667)
  })

  it('returns only what was sent', () => {
    expect(piecesOf(line, 'refund_only')).toBe(3)
    expect(piecesOf(line, 'return_refund')).toBe(1)
  })
})

describe('paying by itself', () => {
  it('starts once, for the order just placed', () => {
    payNext('1')
    expect(takePayNext('2')).toBe(false)
    expect(takePayNext('1')).toBe(true)
    expect(takePayNext('1')).toBe(false)
  })
})

describe('order labels', () => {
  it('promises no delivery for an order that is over', () => {
    const order = { payment: 'closed', delivery: 'none', aftersale: 'none', delivery_method: 'courier', labels: { payment: '已关闭', delivery: '待发货', aftersale: '无售后', headline: '已关闭' } }
    expect(axisLabels(order as OrderRow).map((label) => label.text)).toEqual(['已关闭', '不再发货', '无售后'])
  })

  it('says that an order waits for its team, in both languages', () => {
    const labels = { payment: '已支付', delivery: '待成团', aftersale: '无售后', headline: '待成团', waiting: '待成团', waiting_en: 'Waiting to form' }
    const order = { payment: 'paid', delivery: 'none', aftersale: 'none', delivery_method: 'courier', labels } as OrderRow
    expect([axisLabels(order)[1].text, headline(order)]).toEqual(['待成团', '待成团'])
    setLocale('en')
    expect([axisLabels(order)[1].text, headline(order)]).toEqual(['Waiting to form', 'Waiting to form'])
    setLocale('zh')
  })
})

describe('the way back after signing in', () => {
  it.each(['/pages/checkout/index?code=a', '%2Fpages%2Fcheckout%2Findex%3Fcode%3Da', '%252Fpages%252Fcheckout%252Findex%253Fcode%253Da'])('reads %s', (next) => {
    expect(decodeNext(next)).toBe('/pages/checkout/index?code=a')
  })

  it('gives up on a damaged one', () => {
    expect(decodeNext('%2Fpages%')).toBe('')
    expect(decodeNext(undefined)).toBe('')
  })
})
