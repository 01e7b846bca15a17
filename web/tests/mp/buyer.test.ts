// @vitest-environment jsdom
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ADDRESS, ME, ORDER, PAGE, QUOTE } from './fixtures'
import { MiniProgram, type OpenPage } from './harness'

const BUILD = resolve('dist/build/mp-weixin')

interface Request {
  readonly url: string
  readonly method?: string
  readonly data?: Record<string, unknown>
  readonly header?: Record<string, string>
  success(answer: object): void
}

const ANSWERS: Readonly<Record<string, unknown>> = {
  'GET /api/me': ME,
  'GET /api/instance': { name: '雁团', demo: false, wechatpay: true, oa_appid: '', mini_appid: 'wx', simulator_url: '', hold_minutes: 15, aftersale_days: 7 },
  'GET /api/messages/unread': { leader: 0, buyer: 2 },
  'GET /api/g/abc': PAGE,
  'GET /api/g/abc/parcel': null,
  'GET /api/group-buys/abc/uncollected-rule': { days: 0, then: 'keep', text: '', text_en: '' },
  'GET /api/me/addresses': [ADDRESS],
  'POST /api/orders/quote': QUOTE,
  'POST /api/orders': { id: '77', number: 12, payment: 'unpaid', payment_method: 'wechatpay', total_fen: 3590, expires_at: null, replayed: false },
  'GET /api/orders': { items: [ORDER], next: null },
  'GET /api/orders/77': ORDER,
  'POST /api/orders/77/pay/refresh': ORDER,
  'GET /api/orders/77/pickup-code': { code: '618447', qr_svg: '', order_id: '77' },
  'GET /api/subscribe/templates': { leader: [], buyer: ['t1'] },
}

const settle = (ms = 20): Promise<void> => new Promise((done) => setTimeout(done, ms))

// Needs `npm run build:mp-weixin` first; without a build there is nothing to test.
describe.skipIf(!existsSync(BUILD))("the buyer's pages of the compiled mini-program", () => {
  let app: MiniProgram
  let sent: Request[]
  const shown = new Set<OpenPage>()

  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    sent = []
    app = new MiniProgram(BUILD)
    app.double.on('request', ((request: Request) => {
      sent.push(request)
      const path = request.url.replace('__YANTUAN_ORIGIN__', '').split('?')[0] ?? ''
      const body = ANSWERS[`${request.method ?? 'GET'} ${path}`]
      const answer = body === undefined ? { statusCode: 404, data: { code: 'not_found', message: path }, header: {} } : { statusCode: 200, data: body, header: {} }
      request.success(answer)
    }) as never)
    app.double.signIn()
    app.launch()
  })

  afterEach(() => {
    // A countdown left running would draw after the test's window is gone.
    for (const page of shown) page.close()
    shown.clear()
    vi.restoreAllMocks()
  })

  async function show(path: string, query: Record<string, string> = {}): Promise<OpenPage> {
    const page = await app.open(path, query)
    await settle()
    shown.add(page)
    return page
  }

  function urls(name: string): string[] {
    return app.double.calls.filter((call) => call.name === name).map((call) => (call.args[0] as { url: string }).url)
  }

  it('shows a sale, fills the cart within the limit and goes to checkout', async () => {
    const page = await show('pages/g/index', { code: 'abc', t: 'tok123' })
    const text = page.text()
    for (const words of ['周五鲜果团', '进行中', '小满的果园', '个人已认证', '东门岗亭', '何*', '坏果包赔']) expect(text).toContain(words)
    await page.tap('stepper-more')
    await settle()
    expect(page.html()).toContain('27')
    await page.tap('checkout')
    expect(urls('navigateTo')).toEqual(['/pages/checkout/index?code=abc'])
    app.hide()
    expect(sent.map((one) => one.url)).toContain('__YANTUAN_ORIGIN__/api/shares/tok123/open')
  })

  it('places one order for two taps, with its key and the link it came through', async () => {
    const sale = await show('pages/g/index', { code: 'abc', t: 'tok123' })
    await sale.tap('stepper-more')
    await settle()
    sale.close()
    shown.delete(sale)
    const page = await show('pages/checkout/index', { code: 'abc' })
    expect(page.text()).toContain('枫林路 88 弄1号楼1单元101室')
    await page.input('q-q1', '三号楼')
    await Promise.all([page.tap('submit-order'), page.tap('submit-order')])
    await settle()
    const orders = sent.filter((one) => one.url.endsWith('/api/orders') && one.method === 'POST')
    expect(orders).toHaveLength(1)
    expect(orders[0]?.header?.['Idempotency-Key']).toMatch(/^[0-9a-f-]{36}$/)
    expect(orders[0]?.data).toMatchObject({ expected_total_fen: 3590, address_id: 'a1', share_token: 'tok123', answers: [{ question_id: 'q1', answer: '三号楼' }] })
    expect(urls('redirectTo')).toEqual(['/buyer/pay-result/index?id=77'])
  })

  it.each([
    ['pages/orders/index', {}, ['待自提', '跟团号 12']],
    ['pages/order/index', { id: '77' }, ['待自提', '三号楼', '完成支付 ¥27.90', '取货码']],
    ['buyer/pay-result/index', { id: '77' }, ['付款成功', '12']],
    ['buyer/pickup-code/index', { id: '77' }, ['618 447', '红富士苹果']],
    ['buyer/addresses/index', {}, ['枫林路 88 弄']],
    ['pages/me/index', {}, ['陈阿姨', '139****0002']],
  ])('shows %s with what the server answers', async (path, query, words) => {
    const text = (await show(path, query)).text()
    for (const word of words) expect(text).toContain(word)
  })
})
