// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import type { Phone } from '../mp/phone'

import { control, phoneOf, PICTURE } from './world'

interface Book {
  readonly orders: Readonly<Record<string, { readonly paid: number; readonly refunded: number }>>
}

const ADDRESS = {
  userName: '孙小圣', telNumber: '+86 137 2222 0002', provinceName: '上海市', cityName: '上海市', countyName: '浦东新区',
  streetName: '陆家嘴街道', detailInfo: '陆家嘴街道梧桐路 9 号', detailInfoNew: '梧桐路 9 号', postalCode: '200120', nationalCode: '310115', errMsg: '',
}

const phones: Phone[] = []
const complaints: unknown[][] = []

function take(phone: Phone): Phone {
  phones.push(phone)
  return phone
}

beforeEach(() => {
  complaints.length = 0
  vi.spyOn(console, 'error').mockImplementation((...words: unknown[]) => void complaints.push(words))
  vi.spyOn(console, 'warn').mockImplementation((...words: unknown[]) => {
    if (!String(words[0]).startsWith('The for-list data is neither')) complaints.push(words)
  })
})

afterEach(() => {
  for (const phone of phones.splice(0)) phone.close()
  vi.restoreAllMocks()
})

async function signIn(phone: Phone): Promise<void> {
  await phone.tap('login-wechat')
  await phone.until(() => phone.storage.has('yt.token'), 'the session')
}

/** The demo's leader meets the mini-program: WeChat's sign-in, then the phone button joins the account they had on the web. */
async function leaderArrives(leader: Phone): Promise<void> {
  await leader.start('pages/me/index', 1001)
  await leader.tap('me-sign-in')
  await signIn(leader)
  await leader.tap('to-bind')
  await leader.fire('wechat-phone', 'getphonenumber', { errMsg: 'getPhoneNumber:fail', errno: 1400001 })
  expect(leader.toasts.at(-1)).toBe('一键获取手机号暂时用不了，请用短信验证码')
  expect(leader.page.has('wechat-phone')).toBe(false)
  await leader.tap('nav-back')
  await leader.tap('to-bind')
  const { code } = (await control('POST', '/js_codes', { user: '林小满', kind: 'phone', phone: '13900000001' })) as { code: string }
  await leader.fire('wechat-phone', 'getphonenumber', { errMsg: 'getPhoneNumber:ok', code })
  await leader.until('小满的果园')
}

async function storeOf(leader: Phone): Promise<string> {
  return ((await leader.call('GET', '/api/me')) as { leader: { store_id: string } }).leader.store_id
}

async function permits(leader: Phone): Promise<number> {
  const channels = (await leader.call('GET', `/api/leader/stores/${await storeOf(leader)}/channels`)) as { kind: string; permits: number }[]
  return channels.find((one) => one.kind === 'subscribe')?.permits ?? 0
}

async function allowOrderMessage(leader: Phone): Promise<void> {
  await leader.go('leader/notify/index')
  await leader.tap('channel-subscribe-switch')
  await leader.tap('channel-allow')
  await leader.until(async () => (await permits(leader)) === 1, 'the permit')
  await leader.tap('nav-back')
}

/** The card as the chat gets it. */
async function shareCard(leader: Phone): Promise<{ title?: string; path?: string; imageUrl?: string }> {
  const list = (await leader.call('GET', `/api/leader/stores/${await storeOf(leader)}/group-buys`)) as { items: { id: string; status: string; kind: string }[] }
  const sale = list.items.find((one) => one.status === 'open' && one.kind === 'dated')
  await leader.go(`leader/share/index?id=${sale?.id}`)
  await leader.until(() => leader.page.has('share-send'), 'the share button')
  const card = leader.page.caller.onShareAppMessage?.({ from: 'button' }) ?? {}
  await leader.tap('share-save')
  await leader.agreeToPrivacy()
  await leader.until(() => leader.toasts.includes('已保存到相册'), 'the poster in the album')
  await leader.tap('nav-back')
  return card
}

async function openCard(buyer: Phone, path: string): Promise<void> {
  await buyer.start(path, 1007)
  await buyer.until(() => buyer.page.has('goods-list'), 'the sale')
  expect(buyer.requests).toEqual([expect.stringMatching(/^GET \/api\/g\/\w+$/)])
}

async function placeOrder(buyer: Phone): Promise<void> {
  await buyer.tap('stepper-more')
  await buyer.tap('checkout')
  await signIn(buyer)
  await buyer.until('收货')
  await buyer.tap('pick-address')
  await buyer.tap('addr-import')
  await buyer.tap('privacy-refuse')
  await buyer.until(() => buyer.toasts.includes('没有同意隐私保护指引，这个功能用不了。手动填写不受影响。'), 'the sentence')
  await buyer.tap('addr-import')
  await buyer.agreeToPrivacy()
  await buyer.input('addr-room', '502')
  await buyer.tap('addr-save')
  await buyer.until('陆家嘴街道梧桐路 9 号')
  buyer.choices.pay = 'cancel'
  await buyer.tap('submit-order')
  await buyer.until(() => buyer.toasts.includes('支付已取消，订单还为你留着'), 'the sentence about the cancelled payment')
}

async function payOrder(buyer: Phone): Promise<string> {
  buyer.choices.pay = 'pay'
  await buyer.tap('pay-now')
  await buyer.until(() => buyer.page.has('pay-paid'), 'the payment')
  await buyer.tap('see-order')
  await buyer.until('已支付')
  return buyer.url.split('id=')[1] ?? ''
}

async function ship(leader: Phone, id: string): Promise<void> {
  await leader.until(async () => JSON.stringify(await leader.call('GET', '/api/messages?role=leader')).includes('新订单'), 'the message')
  await leader.go('pages/messages/index')
  await leader.until('新订单')
  await leader.go(`pages/order/index?id=${id}&as=leader`)
  await leader.tap('do-ship')
  await leader.input('ship-number', 'YT7711000000009')
  await leader.tap('ship-carrier')
  await leader.tap('ship-carrier-YTO')
  await leader.tap('ship-save')
  await leader.until('YT7711000000009')
}

/** The payment whose receipt is open at WeChat, or ''. */
async function receiptOf(buyer: Phone, id: string): Promise<string> {
  const order = (await buyer.call('GET', `/api/orders/${id}`)) as { wechat_confirm?: { transaction_id: string } | null }
  return order.wechat_confirm?.transaction_id ?? ''
}

/** What the person does inside WeChat's component. */
async function confirmAtWechat(transactionId: string): Promise<void> {
  const desk = (await control('GET', '/shipping')) as { orders: { transaction_id: string; merchant_trade_no: string }[] }
  const paid = desk.orders.find((one) => one.transaction_id === transactionId)
  await control('POST', '/shipping/confirm', { out_trade_no: paid?.merchant_trade_no })
}

async function receiveAndClaim(buyer: Phone, id: string): Promise<void> {
  // The worker writes the message; the page shows what is there when it is opened.
  await buyer.until(async () => JSON.stringify(await buyer.call('GET', '/api/messages?role=buyer')).includes('发货'), 'the message')
  await buyer.go('pages/messages/index')
  await buyer.until('发货')
  await buyer.go(`pages/order/index?id=${id}`)
  // Once WeChat knows of the parcel it wants the receipt confirmed by its own component as well.
  await buyer.until(async () => (await receiptOf(buyer, id)) !== '', 'what there is to confirm at WeChat')
  await buyer.tap('act-confirm_receipt')
  await buyer.until('已收货')
  await buyer.until(() => buyer.app.double.calls.some(({ name }) => name === 'openBusinessView'), 'the component')
  await confirmAtWechat(await receiptOf(buyer, id))
  await buyer.away({ appId: 'wx1183b055aeec94d1', extraData: { status: 'success' } })
  await buyer.until(() => buyer.toasts.includes('已确认收货'), 'the sentence about the receipt')
  await buyer.until(() => buyer.requests.includes(`POST /api/orders/${id}/wechat-confirmed`), 'the word to the server')
  expect(buyer.page.has('wechat-receipt')).toBe(false)
  await buyer.until(async () => (await receiptOf(buyer, id)) === '', 'what WeChat told the server')
  await buyer.tap('act-aftersale')
  await buyer.tap('stepper-more')
  await buyer.tap('claim-reason')
  await buyer.tap('claim-reason-spoiled')
  await buyer.input('claim-words', '坏了两个')
  buyer.choices.picture = PICTURE
  await buyer.tap('upload-add')
  await buyer.until(() => buyer.page.has('upload-tile'), 'the picture')
  await buyer.tap('claim-send')
  await buyer.until('待团长处理')
}

async function refundOf(path: string, phone: Phone): Promise<number> {
  return ((await phone.call('GET', path)) as { refunded_fen: number }).refunded_fen
}

it('goes from the card in the chat to the money back', async () => {
  const leader = take(phoneOf('林小满', '13900000001'))
  await leaderArrives(leader)
  await allowOrderMessage(leader)
  const card = await shareCard(leader)
  expect(card.title).toMatch(/¥\d+\.\d\d/)
  expect(card.imageUrl).toMatch(/\/share\/\w+\/card\.jpg$/)
  expect((await fetch(card.imageUrl ?? '')).headers.get('content-type')).toBe('image/jpeg')

  const buyer = take(phoneOf('孙小圣'))
  buyer.choices.address = ADDRESS
  await openCard(buyer, card.path ?? '')
  await placeOrder(buyer)
  const id = await payOrder(buyer)
  const order = (await buyer.call('GET', `/api/orders/${id}`)) as { paid_fen: number; total_fen: number; recipient_name: string; phone: string }
  expect(order).toMatchObject({ paid_fen: order.total_fen, recipient_name: '孙小圣', phone: '13722220002' })

  await leader.until(async () => ((await control('GET', '/inbox?channel=subscribe')) as { messages: object[] }).messages.length === 1, 'the one subscription message')
  expect(await permits(leader)).toBe(0)
  await ship(leader, id)
  await receiveAndClaim(buyer, id)

  await leader.go('leader/after-sales/index')
  await leader.until('坏')
  const [own] = ((await buyer.call('GET', '/api/aftersales')) as { items: { id: string }[] }).items
  await leader.go(`leader/after-sale/index?id=${own?.id}`)
  await leader.tap('case-agree')
  await leader.tap('case-save')
  await buyer.until(async () => (await refundOf(`/api/orders/${id}`, buyer)) > 0, 'the refund')
  const refunded = await refundOf(`/api/orders/${id}`, buyer)
  const book = (await control('GET', '/book')) as Book
  expect(Object.values(book.orders).filter((one) => one.refunded === refunded)).toHaveLength(1)
  await buyer.go(`pages/order/index?id=${id}`)
  await buyer.until('退款')
  expect(complaints).toEqual([])
})
