// @vitest-environment jsdom
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ME, ORDER, PAGE } from './fixtures'
import { Phone, type Answer } from './phone'

const BUILD = resolve('dist/build/mp-weixin')
const ORIGIN = '__YANTUAN_ORIGIN__'
const TOKEN = 'yt.token'

type Answers = Record<string, unknown>

const settle = (ms = 20): Promise<void> => new Promise((done) => setTimeout(done, ms))

// Needs `npm run build:mp-weixin` first; without a build there is nothing to test.
describe.skipIf(!existsSync(BUILD))('what only WeChat can do, in the compiled mini-program', () => {
  let phone: Phone
  let answers: Answers
  let sent: { method: string; path: string; body: unknown }[]
  let codes: number
  let consents: string[], paid: string[]

  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    sent = []
    codes = 0
    consents = []
    paid = []
    answers = {
      'GET /api/me': ME,
      'GET /api/instance': { name: '雁团', demo: false, wechatpay: true, oa_appid: '', mini_appid: 'wx', simulator_url: '', hold_minutes: 15, aftersale_days: 7 },
      'GET /api/messages/unread': { leader: 0, buyer: 0 },
      'GET /api/g/abc': PAGE,
      'GET /api/g/abc/parcel': null,
      'GET /api/group-buys/abc/uncollected-rule': { days: 0, then: 'keep', text: '', text_en: '' },
      'GET /api/subscribe/templates': { leader: ['tl'], buyer: ['tb'] },
      'POST /api/subscribe/consents': { ok: true },
      'POST /api/shares/tok123/open': { ok: true },
    }
    phone = new Phone(
      BUILD,
      ORIGIN,
      ({ method, path, headers, body }) => {
        const plain = path.split('?')[0] ?? ''
        const verb = headers['X-HTTP-Method-Override'] ?? method
        sent.push({ method: verb, path: plain, body: typeof body === 'string' ? (JSON.parse(body) as unknown) : body })
        const found = answers[`${verb} ${plain}`]
        if (typeof found === 'function') return Promise.resolve((found as () => Answer)())
        return Promise.resolve(found === undefined ? { status: 404, body: { code: 'not_found', message: '没有找到', message_en: 'Not found.' } } : { status: 200, body: found })
      },
      {
        code: () => Promise.resolve(`code${(codes += 1)}`),
        pay: (_params, how) => Promise.resolve(void paid.push(how)),
        consent: (template) => Promise.resolve(void consents.push(template)),
      },
    )
  })

  afterEach(() => {
    phone.close()
    vi.restoreAllMocks()
  })

  function asked(): string[] {
    return sent.map(({ method, path }) => `${method} ${path}`)
  }

  function bodies(path: string): unknown[] {
    return sent.filter((one) => one.path === path).map(({ body }) => body)
  }

  describe('the first page', () => {
    it('is painted with one request, for a stranger and for somebody known, and the rest follows later', async () => {
      phone.storage.set(TOKEN, 'token')
      await phone.start('pages/g/index?code=abc&t=tok123')
      await phone.until('周五鲜果团')
      await settle(300)
      expect(asked()).toEqual(['GET /api/g/abc'])
      await phone.away()
      await settle()
      const later = ['GET /api/g/abc/parcel', 'GET /api/group-buys/abc/uncollected-rule', 'GET /api/me', 'POST /api/shares/tok123/open']
      expect(asked().sort()).toEqual(['GET /api/g/abc', ...later])
    })

    it('asks nothing about a stranger even later', async () => {
      await phone.start('pages/g/index?code=abc')
      await phone.until('周五鲜果团')
      await phone.away()
      await settle()
      // The rule is the sale's, for everybody to read.
      expect(asked()).toEqual(['GET /api/g/abc', 'GET /api/group-buys/abc/uncollected-rule'])
    })

    it('says what becomes of goods nobody fetches, and that more goes into the same parcel', async () => {
      phone.storage.set(TOKEN, 'token')
      answers['GET /api/group-buys/abc/uncollected-rule'] = { days: 3, then: 'keep', text: '3 天没来取，会提醒一次', text_en: 'Reminded once after 3 days' }
      answers['GET /api/g/abc/parcel'] = { order_id: '77', number: 12, orders: 2, goods: ['红富士苹果 ×1'] }
      await phone.start('pages/g/index?code=abc')
      await phone.until('周五鲜果团')
      await settle(300)
      expect(phone.page.has('left-note')).toBe(false)
      await phone.away()
      await phone.until('3 天没来取，会提醒一次')
      await phone.tap('my-parcel')
      expect(phone.url).toBe('/pages/order/index?id=77')
    })

    it('alone in Moments is for looking: no sign-in, no cart, no way on', async () => {
      await phone.start('pages/g/index?code=abc', 1154)
      await phone.until('红富士苹果')
      expect(phone.page.text()).toContain('朋友圈里只能看，点下方「前往小程序」下单')
      for (const element of ['checkout', 'stepper-more', 'nav-back', 'choose-p2']) expect(phone.page.has(element), element).toBe(false)
      await phone.tap('leader-card')
      const forbidden = ['login', 'requestPayment', 'navigateTo', 'switchTab', 'redirectTo', 'requestSubscribeMessage', 'chooseAddress']
      expect(phone.app.double.calls.map(({ name }) => name).filter((name) => forbidden.includes(name))).toEqual([])
      const card = phone.page.caller.onShareTimeline?.()
      expect(card).toEqual({ title: '周五鲜果团 ¥23.80 起', query: 'code=abc', imageUrl: `${ORIGIN}/media/a.webp` })
    })

    it('is forwarded with the price in the title and a picture of 5:4', async () => {
      await phone.start('pages/g/index?code=abc&t=tok123')
      await phone.until('周五鲜果团')
      expect(phone.page.caller.onShareAppMessage?.({ from: 'menu' })).toEqual({
        title: '周五鲜果团 ¥23.80 起',
        path: '/pages/g/index?code=abc',
        imageUrl: `${ORIGIN}/share/g/abc/card.jpg`,
      })
    })
  })

  describe('a scanned code', () => {
    it('opens its page with what the server says it stands for', async () => {
      answers['GET /api/scenes/k3X9'] = { page: 'pages/g/index', query: { code: 'abc', t: 'tok123' } }
      await phone.start(`pages/g/index?scene=${encodeURIComponent(encodeURIComponent('k3X9'))}`, 1047)
      await phone.until('周五鲜果团')
      expect(asked()).toEqual(['GET /api/scenes/k3X9', 'GET /api/g/abc'])
      await phone.away()
      expect(asked()).toContain('POST /api/shares/tok123/open')
    })

    it('leads to the page it was made for, whichever page WeChat opened', async () => {
      phone.storage.set(TOKEN, 'token')
      answers['GET /api/scenes/p7'] = { page: 'pages/order/index', query: { id: '77' } }
      answers['GET /api/orders/77'] = ORDER
      await phone.start('pages/g/index?scene=p7', 1047)
      await phone.until('待自提')
      expect(phone.url).toBe('/pages/order/index?id=77')
    })

    it('says so when nobody knows it, and tries again when the line was down', async () => {
      await phone.start('pages/g/index?scene=gone', 1047)
      await phone.until(() => phone.page.has('group-unknown'), 'the sentence')
      answers['GET /api/scenes/later'] = () => ({ status: 500, body: { code: 'internal_error', message: '服务出错了', message_en: 'x' } })
      await phone.go('pages/g/index?scene=later')
      await phone.until('服务出错了')
      answers['GET /api/scenes/later'] = { page: 'pages/g/index', query: { code: 'abc' } }
      await phone.tap('error-retry')
      await phone.until('周五鲜果团')
    })

    it('opens the pick-up code at the gate', async () => {
      phone.storage.set(TOKEN, 'token')
      answers['GET /api/scenes/pk'] = { page: 'buyer/pickup-code/index', query: { id: '77' } }
      answers['GET /api/orders/77'] = ORDER
      answers['GET /api/orders/77/pickup-code'] = { code: '618447', qr_svg: '', order_id: '77' }
      await phone.start('buyer/pickup-code/index?scene=pk', 1047)
      await phone.until('618 447')
    })
  })

  describe('signing in', () => {
    it('takes a fresh code when the first was used up, and asks once for two taps', async () => {
      let tries = 0
      answers['POST /api/auth/mini'] = () => {
        tries += 1
        return tries === 1
          ? { status: 422, body: { code: 'wechat_code_invalid', message: '微信授权已失效，请重新点一次', message_en: 'x' } }
          : { status: 200, body: { token: 'fresh', person_id: '1', new_person: true, has_phone: false } }
      }
      await phone.start('pages/login/index')
      await Promise.all([phone.tap('login-wechat'), phone.tap('login-wechat')])
      await phone.until(() => phone.storage.get(TOKEN) === 'fresh', 'the session')
      expect(bodies('/api/auth/mini')).toEqual([{ js_code: 'code1' }, { js_code: 'code2' }])
    })

    it('does nothing without the agreement to the terms', async () => {
      phone.choices.dialog = 'cancel'
      await phone.start('pages/login/index')
      await phone.tap('login-wechat')
      await settle()
      expect(phone.dialogs).toEqual(['同意用户协议和隐私政策？'])
      expect([codes, asked().filter((one) => one.startsWith('POST'))]).toEqual([0, []])
    })

    it('puts picture and name from one form, and never asks for the dead profile', async () => {
      const file = join(mkdtempSync(join(tmpdir(), 'yt-')), 'face.jpg')
      writeFileSync(file, 'jpeg')
      phone.storage.set(TOKEN, 'token')
      answers['POST /api/media'] = { id: '9', url: '/media/f.webp', thumb_url: '/media/f_t.webp', width: 9, height: 9 }
      answers['PATCH /api/me'] = { ...ME, person: { ...ME.person, nickname: '陈大妈' } }
      await phone.start('pages/me/index', 1001)
      await phone.tap('rename')
      await phone.fire('profile-form', 'submit', { value: { nickname: '  ' } })
      expect(phone.toasts.at(-1)).toBe('请填写昵称')
      expect(asked().filter((one) => one.startsWith('PATCH'))).toEqual([])
      await phone.fire('profile-avatar', 'chooseavatar', { avatarUrl: file })
      await phone.fire('profile-form', 'submit', { value: { nickname: '陈大妈' } })
      await phone.until('陈大妈')
      expect(bodies('/api/me').at(-1)).toEqual({ nickname: '陈大妈', avatar_media_id: '9' })
    })
  })

  describe('the pay sheet', () => {
    beforeEach(() => {
      phone.storage.set(TOKEN, 'token')
      const open = { ...ORDER, payment: 'unpaid', paid_fen: 0, actions: ['pay'] }
      answers['POST /api/orders/77/pay/refresh'] = () => ({ status: 200, body: paid.includes('pay') ? ORDER : open })
      answers['POST /api/orders/77/pay'] = { kind: 'jsapi', params: { timeStamp: '1', nonceStr: 'n', package: 'prepay_id=wx1', signType: 'RSA', paySign: 's' } }
    })

    it.each([
      ['cancel', '支付已取消，订单还为你留着'],
      ['fail', '支付没有完成，可以再试一次'],
    ] as const)('after %s says its own sentence, asks the server, and lets the person pay again', async (how, words) => {
      await phone.start('buyer/pay-result/index?id=77')
      phone.choices.pay = how
      await phone.tap('pay-now')
      await phone.until(() => phone.toasts.includes(words), words)
      expect(asked().at(-1)).toBe('POST /api/orders/77/pay/refresh')
      expect(consents).toEqual([])
      phone.choices.pay = 'pay'
      await phone.tap('pay-now')
      await phone.until(() => phone.page.has('pay-paid'), 'the payment')
      expect(paid).toEqual([how, 'pay'])
    })

    it('believes the server when the phone says cancelled but the money went', async () => {
      await phone.start('buyer/pay-result/index?id=77')
      phone.choices.pay = 'cancel'
      answers['POST /api/orders/77/pay/refresh'] = () => ({ status: 200, body: paid.length ? ORDER : { ...ORDER, payment: 'unpaid', actions: ['pay'] } })
      await phone.tap('pay-now')
      await phone.until(() => phone.page.has('pay-paid'), 'the payment')
      expect(phone.toasts).toEqual([])
    })

    it('ends with the question for one message, and counts the yes', async () => {
      await phone.start('buyer/pay-result/index?id=77')
      await phone.until(() => asked().includes('GET /api/subscribe/templates'), 'the templates')
      await phone.tap('pay-now')
      await phone.until(() => phone.page.has('pay-paid'), 'the payment')
      await phone.until(() => bodies('/api/subscribe/consents').length > 0, 'the consent')
      expect([consents, bodies('/api/subscribe/consents')]).toEqual([['tb'], [{ template_id: 'tb', accepted: true }]])
    })

    it('never nags: a no is remembered', async () => {
      phone.choices.subscribe = 'reject'
      for (const wanted of [1, 1]) {
        paid.length = 0
        const page = await phone.start('buyer/pay-result/index?id=77')
        await phone.until(() => asked().includes('GET /api/subscribe/templates'), 'the templates')
        await phone.tap('pay-now')
        await phone.until(() => phone.page.has('pay-paid'), 'the payment')
        await settle(50)
        expect(phone.app.double.calls.filter(({ name }) => name === 'requestSubscribeMessage')).toHaveLength(wanted)
        expect(page.text()).toContain('付款成功')
      }
      expect(bodies('/api/subscribe/consents')).toEqual([{ template_id: 'tb', accepted: false }])
    })
  })

  it('confirms a receipt in WeChat when its money waits for that, and looks again afterwards', async () => {
    phone.storage.set(TOKEN, 'token')
    const shipped = { ...ORDER, delivery: 'shipped', delivery_method: 'courier', actions: ['confirm_receipt'] }
    const received = { ...shipped, delivery: 'received', actions: [], wechat_confirm: { transaction_id: '4200000001' } }
    answers['GET /api/orders/77'] = shipped
    answers['POST /api/orders/77/receive'] = received
    await phone.start('pages/order/index?id=77')
    await phone.tap('act-confirm_receipt')
    await phone.until(() => phone.app.double.calls.some(({ name }) => name === 'openBusinessView'), 'the component')
    expect(phone.app.double.calls.find(({ name }) => name === 'openBusinessView')?.args[0]).toMatchObject({ businessType: 'weappOrderConfirm', extraData: { transaction_id: '4200000001' } })
    answers['POST /api/orders/77/wechat-confirmed'] = received
    await phone.away({ appId: 'wx1183b055aeec94d1', extraData: { status: 'success' } })
    await phone.until(() => phone.toasts.includes('已确认收货'), 'the sentence')
    await phone.until(() => asked().includes('POST /api/orders/77/wechat-confirmed'), 'the word to the server')
    // The server has not heard from WeChat yet, and the person is not asked for the same again.
    await phone.until(() => !phone.page.has('wechat-receipt'), 'the order of now')
    expect(asked().filter((call) => call.endsWith('/wechat-confirmed'))).toHaveLength(1)
  })

  it('leaves an unconfirmed receipt one tap away', async () => {
    phone.storage.set(TOKEN, 'token')
    answers['GET /api/orders/77'] = { ...ORDER, delivery: 'received', actions: [], wechat_confirm: { merchant_id: '1', merchant_trade_no: 'T1' } }
    await phone.start('pages/order/index?id=77')
    await phone.tap('wechat-receipt')
    // Back from somewhere else: the component has not answered yet.
    await phone.away({ appId: 'wxother' })
    expect(phone.toasts).toEqual([])
    await phone.away({ appId: 'wx1183b055aeec94d1', extraData: { status: 'cancel' } })
    await phone.until(() => phone.toasts.includes('还没有在微信里确认收货，可以稍后再确认'), 'the sentence')
    expect(phone.page.has('wechat-receipt')).toBe(true)
    expect(asked()).not.toContain('POST /api/orders/77/wechat-confirmed')
  })

  describe('a card that goes on counting in the chat', () => {
    const LIVE = { activity_id: 'act_1', template_id: 'T1', members: 3, room: 50, enabled: true }
    const menu = (): unknown => phone.app.double.calls.filter(({ name }) => name === 'updateShareMenu').at(-1)?.args[0]
    const today = { ...PAGE, ends_at: new Date(Date.parse(PAGE.server_time) + 8 * 3_600_000).toISOString() }

    it('is prepared after the first page, and dropped with it', async () => {
      answers['GET /api/g/abc'] = today
      answers['POST /api/g/abc/live-card'] = LIVE
      const page = await phone.start('pages/g/index?code=abc')
      await phone.until(() => phone.page.has('goods-list'), 'the sale')
      expect(asked()).toEqual(['GET /api/g/abc'])
      phone.app.hide()
      await phone.until(() => menu() !== undefined, 'the share menu')
      expect(menu()).toEqual({
        withShareTicket: true, isUpdatableMessage: true, activityId: 'act_1',
        templateInfo: { templateId: 'T1', parameterList: [{ name: 'member_count', value: '3' }, { name: 'room_limit', value: '50' }] },
      })
      page.close()
      expect(menu()).toEqual({ withShareTicket: false, isUpdatableMessage: false })
    })

    it('is not asked for when the sale goes on longer than WeChat remembers it', async () => {
      await phone.start('pages/g/index?code=abc')
      await phone.until(() => phone.page.has('goods-list'), 'the sale')
      phone.app.hide()
      await settle(50)
      expect([asked().includes('POST /api/g/abc/live-card'), menu()]).toEqual([false, undefined])
    })

    it('stays plain where the shop has none or WeChat refuses, and a shop without them is asked once', async () => {
      answers['GET /api/g/abc'] = today
      answers['POST /api/g/abc/live-card'] = { ...LIVE, activity_id: '', enabled: false }
      for (const _ of [1, 2]) {
        await phone.start('pages/g/index?code=abc')
        await phone.until(() => phone.page.has('goods-list'), 'the sale')
        phone.app.hide()
        await settle(50)
      }
      expect(asked().filter((call) => call === 'POST /api/g/abc/live-card')).toHaveLength(1)
      expect(menu()).toBeUndefined()
    })
  })

  it('shows the code at once to who scans the door where one order waits, and the choice where there are more', async () => {
    phone.storage.set(TOKEN, 'token')
    const point = { store_name: '小满的果园', name: '东门岗亭', address: '枫林路 88 弄', hours: '18:00–20:00' }
    const row = { id: '77', number: 12, title: '周五鲜果团', goods: '红富士苹果 5斤×1' }
    answers['GET /api/scenes/d1.abc'] = { page: 'buyer/pickup-here/index', query: { door: 'd1.abc' } }
    answers['GET /api/pickup-here/d1.abc'] = { ...point, orders: [row, { ...row, id: '78', number: 13 }] }
    await phone.start('buyer/pickup-here/index?scene=d1.abc')
    await phone.until(() => phone.page.has('here-show-78'), 'both orders')
    expect(phone.page.text()).toContain('东门岗亭')
    await phone.tap('here-show-77')
    expect(phone.url).toBe('/buyer/pickup-code/index?id=77')
    answers['GET /api/pickup-here/d1.abc'] = { ...point, orders: [row] }
    await phone.start('buyer/pickup-here/index?scene=d1.abc')
    await phone.until(() => phone.url.includes('pickup-code'), 'the code')
    answers['GET /api/pickup-here/d1.abc'] = { ...point, orders: [] }
    await phone.start('buyer/pickup-here/index?scene=d1.abc')
    await phone.until('这里没有等你取的货')
  })

  describe('the privacy guideline', () => {
    beforeEach(async () => {
      phone.storage.set(TOKEN, 'token')
      answers['GET /api/me/addresses'] = []
      phone.choices.address = { userName: '孙小圣', telNumber: '+86 137 2222 0002', provinceName: '上海市', cityName: '上海市', countyName: '浦东新区', detailInfo: '梧桐路 9 号' }
      await phone.start('buyer/address-edit/index')
      await phone.tap('addr-import')
    })

    it('is asked for by its own title before the first address, and fills the form after the yes', async () => {
      answers['POST /api/me/addresses'] = () => ({ status: 422, body: { code: 'invalid', message: '先不保存', message_en: 'x' } })
      await phone.until('《小满的果园隐私保护指引》')
      await phone.tap('privacy-read')
      expect(phone.app.double.calls.map(({ name }) => name)).toContain('openPrivacyContract')
      await phone.agreeToPrivacy()
      await settle()
      await phone.tap('addr-save')
      await phone.until(() => bodies('/api/me/addresses').some(Boolean), 'the address')
      expect(bodies('/api/me/addresses').at(-1)).toMatchObject({ name: '孙小圣', phone: '13722220002', province: '上海市', city: '上海市', district: '浦东新区', detail: '梧桐路 9 号' })
    })

    it('may be declined: the person is told, and nothing is filled in', async () => {
      await phone.tap('privacy-refuse')
      await phone.until(() => phone.toasts.includes('没有同意隐私保护指引，这个功能用不了。手动填写不受影响。'), 'the sentence')
      expect(phone.page.html()).not.toContain('孙小圣')
      await phone.tap('addr-import')
      await settle()
      expect(phone.app.double.calls.filter(({ name }) => name === 'getPrivacySetting')).toHaveLength(2)
    })
  })
})
