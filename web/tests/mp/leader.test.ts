// @vitest-environment jsdom
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ME, ORDER, PAGE } from './fixtures'
import { MiniProgram, type OpenPage } from './harness'

const BUILD = resolve('dist/build/mp-weixin')
const NOW = '2026-11-22T08:00:00Z'

const STORE = {
  id: 's1', code: 'st', url: '/s/st', name: '小满的果园', cover: null, introduction: '', notice: '', contact_wechat: '', contact_phone: '', aftersale_policy: '',
  courier_enabled: true, freight_kind: 'flat', freight_fen: 800, free_above_fen: 0, pickup_enabled: true,
  pickup_points: [{ id: 'pt', name: '东门岗亭', address: '枫林路 88 弄', hours: '', contact_name: '', contact_phone: '' }],
  wechatpay_enabled: true, offline_enabled: false, collection_code: null, offline_note: '', return_name: '', return_phone: '', return_address: '', suspended: false, suspend_reason: '',
}
const SKU = { id: 'k1', name: '', code: '', price_fen: 2790, cost_fen: null, limit_per_person: 0, available: 30, held: 1, sold: 2 }
const PRODUCT = { id: 'p1', title: '红富士苹果', description: '', pictures: [], skus: [SKU], archived: false, on_shelf: true, updated_at: NOW }
const ROW = { id: 'g1', kind: 'dated', code: 'abc', title: '周五鲜果团', status: 'open', status_label: '进行中', cover_url: '', starts_at: NOW, ends_at: '2099-11-25T08:00:00Z', offers: 1, joined: 8, orders: 9, paid_fen: 154190 }
const OFFER = { id: 'o1', sku_id: 'k1', product_id: 'p1', title: '红富士苹果', sku_name: '', picture: null, price_fen: 2790, limit_per_person: 0, own_stock: false, available: 30, held: 1, sold: 2 }
const GROUP = {
  ...ROW, store_id: 's1', url: '/g/abc', cover: null, blocks: [{ kind: 'text', text: '现摘现发', picture: null }], offers: [OFFER], courier_enabled: true, pickup_enabled: false,
  pickup_points: [], questions: [], show_joined: true,
}
const CASE = {
  id: 'c1', order_id: '77', number: 12, store_name: '小满的果园', buyer_name: '陈*姨', kind: 'refund_only', kind_label: '仅退款', reason_label: '商品破损', state: 'requested', state_label: '待团长处理',
  requested_fen: 500, agreed_fen: null, due_at: null, created_at: NOW, lines: [], actions: ['agree', 'offer', 'refuse'], description: '压坏了', pictures: [], answer: '', return_name: '', return_phone: '',
  return_address: '', return_carrier_name: '', return_tracking_no: '', escalation: '', decision: '', refund: null, timeline: [],
}
const LEADER_ORDER = { ...ORDER, actions: ['pickup', 'refund', 'note'] }
const SHARE = {
  id: 'sh', token: 'tok', kind: 'link', label: '', url: 'https://shop.example/g/abc?t=tok', text: '【周五鲜果团】', poster_url: '/share/tok/poster.jpg', qr_url: '/share/tok/qr.png',
  card_url: '/share/tok/card.jpg', mini_path: 'pages/g/index?code=abc&t=tok', opens: 0, orders: 0, paid_orders: 0, created_at: NOW,
}
const LINKS = { url_link: 'https://wxaurl.cn/x', short_link: '#小程序://雁团/y', expires_at: '2026-12-21T08:00:00Z' }
const ANSWERS: Record<string, unknown> = {
  'GET /api/leader/group-buys/g1/shares': [SHARE],
  'POST /api/leader/group-buys/g1/shares': SHARE,
  'GET /api/scenes/p1.abc': { page: 'buyer/pickup-code/index', query: { id: '77' } },
  'GET /api/leader/pickup-points/pt/sign': { picture_url: 'https://shop.example/share/door/d1.abc.jpg', link: 'https://shop.example/buyer/pickup-here/index?scene=d1.abc' },
  'GET /api/leader/orders/77/sign': { picture_url: 'https://shop.example/share/label/p1.abc.jpg', link: 'https://shop.example/buyer/pickup-code/index?scene=p1.abc' },
  'GET /api/me': { ...ME, leader: { id: 'l1', display_name: '林小满', state: 'approved', state_label: '已通过', suspended: false, store_id: 's1', store_name: '小满的果园', store_code: 'st' } },
  'GET /api/instance': { name: '雁团', demo: false, wechatpay: true, oa_appid: '', mini_appid: 'wx', simulator_url: '', hold_minutes: 15, aftersale_days: 7 },
  'GET /api/messages/unread': { leader: 0, buyer: 0 },
  'GET /api/leaders/me': { id: 'l1', display_name: '林小满', state: 'rejected', state_label: '已驳回', suspended: false, suspend_reason: '', certification: { id: 'x', kind: 'person', legal_name: '林小满', id_number_masked: '**************002X', contact_name: '', category: '水果', papers: [], state: 'rejected', reason: '照片看不清', created_at: NOW, decided_at: NOW } },
  'GET /api/leader/stores/s1': STORE,
  'GET /api/leader/stores/s1/summary': { today_orders: 8, today_paid_fen: 154190, to_ship: 3, to_pick: 0, to_confirm: 1, aftersales_open: 0, running_groups: 1, refund_trouble: 0 },
  'GET /api/leader/stores/s1/group-buys': { items: [ROW], next: null },
  'GET /api/leader/stores/s1/products': { items: [PRODUCT], next: null },
  'GET /api/leader/products/p1': PRODUCT,
  'GET /api/leader/group-buys/g1': GROUP,
  'GET /api/leader/group-buys/g1/preview': { ...PAGE, preview: true },
  'GET /api/leader/stores/s1/orders': { items: [LEADER_ORDER], next: null },
  'GET /api/leader/orders/77': LEADER_ORDER,
  'POST /api/leader/stores/s1/pickup/find': { orders: [LEADER_ORDER] },
  'GET /api/leader/stores/s1/aftersales': { items: [CASE], next: null },
  'GET /api/leader/aftersales/c1': CASE,
  'POST /api/leader/aftersales/c1/refuse': { ...CASE, state: 'refused', state_label: '团长已拒绝', actions: [] },
}

interface Request {
  readonly url: string
  readonly method?: string
  readonly data?: Record<string, unknown>
  success(answer: object): void
}

const settle = (ms = 30): Promise<void> => new Promise((done) => setTimeout(done, ms))

// Needs `npm run build:mp-weixin` first; without a build there is nothing to test.
describe.skipIf(!existsSync(BUILD))("the leader's pages of the compiled mini-program", () => {
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
      request.success(body === undefined ? { statusCode: 404, data: { code: 'not_found', message: path }, header: {} } : { statusCode: 200, data: body, header: {} })
    }) as never)
    app.double.signIn()
    app.launch()
  })

  afterEach(() => {
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

  it.each([
    ['pages/home/index', {}, ['¥1541.90', '待发货', '周五鲜果团', '开团']],
    ['leader/products/index', {}, ['红富士苹果', '在货架上', '库存 30']],
    ['leader/product-edit/index', { id: 'p1' }, ['商品图片', '归档这个商品']],
    ['leader/groups/index', {}, ['货架（一直在卖）', '8 人跟团 · 9 单']],
    ['leader/group-edit/index', { id: 'g1' }, ['红富士苹果', '保存修改', '复制再开一团', '延长']],
    ['leader/preview/index', { id: 'g1' }, ['周五鲜果团']],
    ['leader/store/index', {}, ['收款方式', '运费规则']],
    ['leader/pickup-points/index', {}, ['东门岗亭']],
    ['leader/certify/index', {}, ['已驳回', '照片看不清', '****002X', '修改后重新提交']],
    ['leader/orders/index', { group: 'g1' }, ['跟团号 12']],
    ['pages/order/index', { id: '77', as: 'leader' }, ['核销交付', '私密备注', '退款']],
    ['leader/after-sales/index', {}, ['#12', '待团长处理', '¥5.00']],
  ])('shows %s with what the server answers', async (path, query, words) => {
    const text = (await show(path, query)).text()
    for (const word of words) expect(text).toContain(word)
  })

  it('finds a pick-up order by what the host typed', async () => {
    const page = await show('leader/verify/index')
    await page.input('verify-text', '#12')
    await page.tap('verify-find')
    await settle()
    expect(sent.find((one) => one.url.endsWith('/pickup/find'))?.data).toEqual({ text: '#12' })
    expect(page.text()).toContain('#12')
  })

  function copied(): unknown[] {
    return app.double.calls.filter(({ name }) => name === 'setClipboardData').map(({ args }) => (args[0] as { data: string }).data)
  }

  it('copies links into WeChat, asked for once, and says why there are none', async () => {
    const path = '/api/leader/shares/tok/mini-links'
    const page = await show('leader/share/index', { id: 'g1' })
    const asked = (): number => sent.filter((one) => one.url.endsWith(path)).length
    expect([page.has('mini-links'), asked()]).toEqual([true, 0])
    app.double.on('request', ((request: Request) => {
      sent.push(request)
      request.success({ statusCode: 429, data: { code: 'wechat_link_quota', message: '今天生成的微信链接已达上限，先用网页链接', message_en: 'x' }, header: {} })
    }) as never)
    await page.tap('mini-link-url')
    await settle()
    expect(page.text()).toContain('今天生成的微信链接已达上限，先用网页链接')
    expect(copied()).toEqual([])
    app.double.on('request', ((request: Request) => {
      sent.push(request)
      request.success({ statusCode: 200, data: LINKS, header: {} })
    }) as never)
    await page.tap('mini-link-url')
    await settle()
    await page.tap('mini-link-short')
    await settle()
    expect([copied(), asked()]).toEqual([[LINKS.url_link, LINKS.short_link], 2])
    expect(page.text()).toContain('前有效')
    expect(page.text()).not.toContain('已达上限')
  })

  it.each([
    ['leader/pickup-points/index', {}, 'point-pt-sign', '/share/door/d1.abc.jpg'],
    ['pages/order/index', { id: '77', as: 'leader' }, 'do-label', '/share/label/p1.abc.jpg'],
  ])('shows the code to print on %s', async (path, query, button, picture) => {
    const page = await show(path, query)
    await page.tap(button)
    await settle()
    expect(page.html()).toContain(picture)
    await page.tap('sign-link')
    expect(copied()).toEqual([expect.stringContaining('?scene=')])
  })

  it.each([
    ['in the mini-program', { result: '', path: 'buyer/pickup-code/index?scene=p1.abc' }],
    ['of the web page', { result: 'https://shop.example/buyer/pickup-code/index?scene=p1.abc', path: '' }],
  ])('finds the order of a scanned bag by its label %s', async (_kind, read) => {
    app.double.on('scanCode', ((options: { success(answer: object): void }) => options.success({ errMsg: 'scanCode:ok', ...read })) as never)
    const page = await show('leader/verify/index')
    await page.tap('verify-scan')
    await settle()
    expect(page.text()).toContain('#12')
    expect(sent.some((one) => one.url.endsWith('/pickup/find'))).toBe(false)
  })

  it('refuses a claim only with words for the buyer', async () => {
    const page = await show('leader/after-sale/index', { id: 'c1' })
    await page.tap('case-refuse')
    await settle()
    await page.tap('case-save')
    expect(page.text()).toContain('请写说明')
    await page.input('case-answer', '照片里没有看到破损')
    await page.tap('case-save')
    await settle()
    expect(sent.find((one) => one.url.endsWith('/refuse'))?.data).toEqual({ answer: '照片里没有看到破损' })
    expect(page.text()).toContain('团长已拒绝')
  })
})
