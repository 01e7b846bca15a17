// @vitest-environment jsdom
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ADDRESS, ME } from './fixtures'
import { Phone } from './phone'

const BUILD = resolve('dist/build/mp-weixin')

// Needs `npm run build:mp-weixin` first; without a build there is nothing to test.
describe.skipIf(!existsSync(BUILD))('marking an address on the map of the mini-program', () => {
  let phone: Phone
  let answers: Record<string, unknown>
  let saved: unknown[]

  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    saved = []
    answers = {
      'GET /api/me': ME,
      'GET /api/instance': { name: '雁团', demo: false, wechatpay: true, oa_appid: '', mini_appid: 'wx', simulator_url: '', hold_minutes: 15, aftersale_days: 7 },
      'GET /api/messages/unread': { leader: 0, buyer: 0 },
      'GET /api/me/addresses': [ADDRESS],
    }
    phone = new Phone(
      BUILD,
      '__YANTUAN_ORIGIN__',
      ({ method, path, headers, body }) => {
        const verb = headers['X-HTTP-Method-Override'] ?? method
        const plain = path.split('?')[0] ?? ''
        if (verb === 'PUT') saved.push(JSON.parse(String(body)))
        const found = verb === 'PUT' ? ADDRESS : answers[`${verb} ${plain}`]
        return Promise.resolve(found === undefined ? { status: 404, body: { code: 'not_found', message: '没有找到', message_en: 'Not found.' } } : { status: 200, body: found })
      },
      { code: () => Promise.resolve('code1'), pay: () => Promise.resolve(), consent: () => Promise.resolve() },
    )
    phone.storage.set('yt.token', 'token')
    phone.choices.privacy = 'agreed'
  })

  afterEach(() => {
    phone.close()
    vi.restoreAllMocks()
  })

  it('sends the point WeChat gave', async () => {
    await phone.start('buyer/address-edit/index?id=a1&mark=1')
    await phone.until('这个团按直线距离算同城运费')
    await phone.tap('addr-spot-find')
    // Turned back: nothing is marked, and nobody is scolded.
    await phone.until(() => !phone.page.has('addr-spot-text') && !phone.page.has('addr-spot-trouble'), 'an unmarked address')
    phone.choices.place = { latitude: 31.2304, longitude: 121.4737 }
    await phone.tap('addr-spot-find')
    await phone.until('31.23040, 121.47370')
    await phone.tap('addr-save')
    await phone.until(() => saved.length > 0, 'the address')
    expect(saved).toEqual([expect.objectContaining({ detail: ADDRESS.detail, spot: { lat_e6: 31_230_400, lng_e6: 121_473_700 } })])
  })

  it('takes typed coordinates where the map may not be opened', async () => {
    phone.choices.privacy = 'unasked'
    await phone.start('buyer/address-edit/index?id=a1&mark=1')
    await phone.tap('addr-spot-find')
    await phone.tap('privacy-refuse')
    await phone.until('没有同意隐私保护指引')
    await phone.input('addr-spot-typed', '121.4737,31.2304')
    await phone.tap('addr-spot-use')
    await phone.until('31.23040, 121.47370')
  })
})
