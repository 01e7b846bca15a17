// @vitest-environment jsdom
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { PAGE } from './fixtures'
import { Phone } from './phone'

const BUILD = resolve('dist/build/mp-weixin')
const ORIGIN = '__YANTUAN_ORIGIN__'

const settle = (ms = 20): Promise<void> => new Promise((done) => setTimeout(done, ms))

// Needs `npm run build:mp-weixin` first; without a build there is nothing to test.
describe.skipIf(!existsSync(BUILD))('a newer version of the mini-program', () => {
  let phone: Phone

  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    phone = new Phone(BUILD, ORIGIN, ({ path }) => Promise.resolve(path.startsWith('/api/g/abc') ? { status: 200, body: PAGE } : { status: 404, body: { code: 'not_found', message: '没有找到', message_en: 'Not found.' } }), {
      code: () => Promise.resolve('code'),
      pay: () => Promise.resolve(),
      consent: () => Promise.resolve(),
    })
  })

  afterEach(() => {
    phone.close()
    vi.restoreAllMocks()
  })

  it('has an update offered, not forced', async () => {
    const updates: Record<string, () => void> = {}
    let applied = 0
    phone.app.double.on('getUpdateManager', () => ({
      onUpdateReady: (listener: () => void) => void (updates.ready = listener),
      onUpdateFailed: (listener: () => void) => void (updates.failed = listener),
      applyUpdate: () => (applied += 1),
    }))
    phone.choices.dialog = 'cancel'
    await phone.start('pages/g/index?code=abc')
    updates.ready?.()
    await settle()
    expect([phone.dialogs, applied]).toEqual([['有新版本'], 0])
    phone.choices.dialog = 'confirm'
    updates.ready?.()
    await settle()
    expect(applied).toBe(1)
    updates.failed?.()
    await settle()
    expect(phone.dialogs.at(-1)).toBe('新版本没有下载成功')
  })
})
