import { afterEach, describe, expect, it, vi } from 'vitest'

import { clockText, HALF_HOURS } from '@/components/leader/quiet'
import { moveItem, slotAt } from '@/components/ui/reorder'
import { pay } from '@/platform/pay'
import { addressToSign } from '@/platform/share'
import { expandShort, pageUrl, safeNext } from '@/utils/routes'
import { useList } from '@/utils/use-load'

afterEach(() => vi.unstubAllGlobals())

const PARAMS = { appId: 'wx1', timeStamp: '1', nonceStr: 'n', package: 'prepay_id=1', signType: 'RSA', paySign: 's' }

function inWechat(errMsg: string): void {
  vi.stubGlobal('navigator', { userAgent: 'MicroMessenger/8.0' })
  vi.stubGlobal('window', {
    WeixinJSBridge: { invoke: (_name: string, _params: object, done: (answer: object) => void) => done({ err_msg: errMsg }) },
  })
}

describe('pay', () => {
  it.each([
    ['get_brand_wcpay_request:ok', { kind: 'asked' }],
    ['get_brand_wcpay_request:cancel', { kind: 'cancelled' }],
    ['get_brand_wcpay_request:fail', { kind: 'failed', reason: 'get_brand_wcpay_request:fail' }],
  ])('reads the bridge answer %s', async (text, outcome) => {
    inWechat(text)
    expect(await pay({ kind: 'jsapi', params: PARAMS })).toEqual(outcome)
  })

  it('leaves for the cashier outside WeChat', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Safari' })
    const place = { href: '' }
    vi.stubGlobal('location', place)
    expect(await pay({ kind: 'redirect', url: 'https://pay.example/1' })).toEqual({ kind: 'leaving' })
    expect(place.href).toBe('https://pay.example/1')
  })

  it('needs no platform for the quiet kinds', async () => {
    expect(await pay({ kind: 'done' })).toEqual({ kind: 'asked' })
    expect(await pay({ kind: 'offline' })).toEqual({ kind: 'offline' })
    expect(await pay({ kind: 'qr', code_url: 'weixin://x' })).toEqual({ kind: 'show_code', codeUrl: 'weixin://x', url: '' })
    expect(await pay({ kind: 'redirect' })).toMatchObject({ kind: 'failed' })
  })
})

describe('routes', () => {
  it('expands short links', () => {
    expect(expandShort('/g/abc', '?t=1')).toBe('/pages/g/index?code=abc&t=1')
    expect(expandShort('/s/x-1')).toBe('/pages/s/index?code=x-1')
    expect(expandShort('/console/')).toBeNull()
  })

  it.each(['https://evil.example', '//evil.example', '/pages/../x', 'javascript:1', '/console/'])('does not return to %s', (next) => {
    expect(safeNext(next)).toBe('/pages/home/index')
  })

  it('returns to our own pages', () => {
    expect(safeNext('/pages/g/index?code=abc')).toBe('/pages/g/index?code=abc')
    expect(safeNext('/leader/after-sale/index?id=1')).toBe('/leader/after-sale/index?id=1')
    expect(pageUrl('/pages/g/index', { code: 'a b', none: undefined })).toBe('/pages/g/index?code=a%20b')
  })
})

describe('reorder', () => {
  it('moves within the list only', () => {
    expect(moveItem([1, 2, 3], 0, 2)).toEqual([2, 3, 1])
    expect(moveItem([1, 2, 3], 0, -1)).toEqual([1, 2, 3])
    expect(moveItem([1, 2, 3], 2, 3)).toEqual([1, 2, 3])
  })

  it('finds the tile under a finger', () => {
    expect(slotAt(10, 10, 100, 3, 5)).toBe(0)
    expect(slotAt(250, 10, 100, 3, 5)).toBe(2)
    expect(slotAt(999, 999, 100, 3, 5)).toBe(4)
    expect(slotAt(-5, -5, 100, 3, 5)).toBe(0)
  })
})

describe('useList', () => {
  it('pages by cursor and stops at the end', async () => {
    const asked: string[] = []
    const list = useList<number>((cursor) => {
      asked.push(cursor)
      return Promise.resolve(cursor ? { items: [3], next: null } : { items: [1, 2], next: 'c' })
    })
    await list.more()
    await list.more()
    await list.more()
    expect(list.items.value).toEqual([1, 2, 3])
    expect(asked).toEqual(['', 'c'])
    expect(list.done.value).toBe(true)
  })

  it('lets a newer filter win over a slow older answer', async () => {
    let finishFirst: (page: { items: number[] }) => void = () => {}
    const pages = [new Promise<{ items: number[] }>((resolve) => (finishFirst = resolve)), Promise.resolve({ items: [2] })]
    const list = useList<number>(() => pages.shift() ?? Promise.resolve({ items: [] }))
    const first = list.reload()
    await list.reload()
    finishFirst({ items: [1] })
    await first
    expect(list.items.value).toEqual([2])
  })

  it('keeps what is shown when the next page fails', async () => {
    const pages = [Promise.resolve({ items: [1], next: 'c' }), Promise.reject(new Error('down'))]
    const list = useList<number>(() => pages.shift() ?? Promise.resolve({ items: [] }))
    await list.more()
    await list.more()
    expect(list.items.value).toEqual([1])
    expect(list.error.value).toBeInstanceOf(Error)
    expect(list.done.value).toBe(false)
  })
})

describe('addressToSign', () => {
  const entry = 'https://shop.example/g/abc?t=1'
  const now = 'https://shop.example/pages/order/index?id=2#top'

  it.each(['iPhone; CPU iPhone OS 18_0', 'iPad; CPU OS 17_1'])('names the address the app was entered by on %s', (system) => {
    expect(addressToSign(`Mozilla/5.0 (${system}) MicroMessenger/8.0`, now, entry)).toBe(entry)
  })

  it('names the present address elsewhere, without its hash', () => {
    expect(addressToSign('Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0', now, entry)).toBe('https://shop.example/pages/order/index?id=2')
  })
})

describe('quiet hours', () => {
  it('offers every half hour of a day', () => {
    expect(HALF_HOURS.map(clockText)).toHaveLength(48)
    expect([clockText(0), clockText(450), clockText(1410)]).toEqual(['00:00', '07:30', '23:30'])
  })
})
