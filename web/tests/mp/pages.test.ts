// @vitest-environment jsdom
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { MiniProgram } from './harness'

const BUILD = resolve('dist/build/mp-weixin')

// Needs `npm run build:mp-weixin` first; without a build there is nothing to test.
describe.skipIf(!existsSync(BUILD))('the compiled mini-program', () => {
  const complaints: unknown[][] = []

  beforeEach(() => {
    complaints.length = 0
    for (const level of ['error', 'warn'] as const) {
      vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
        // uni-app draws each template once before its data is there; the lists are filled in the same tick.
        if (!String(words[0]).startsWith('The for-list data is neither')) complaints.push(words)
      })
    }
  })
  afterEach(() => {
    vi.restoreAllMocks()
    expect(complaints).toEqual([])
  })

  it('renders every page without an error', async () => {
    const app = new MiniProgram(BUILD)
    app.launch()
    for (const path of app.pages()) {
      const page = await app.open(path)
      expect(page.text(), path).not.toBe('')
      page.close()
    }
  })

  it('asks the server nothing about a stranger', async () => {
    const app = new MiniProgram(BUILD)
    app.launch()
    const page = await app.open('pages/home/index')
    expect(page.text()).toContain('团长自己的团购工具')
    const urls = app.double.calls.filter((call) => call.name === 'request').map((call) => (call.args[0] as { url: string }).url)
    expect(urls).not.toContain('__YANTUAN_ORIGIN__/api/me')
  })

  it('asks the server who is signed in, once, and stays on the page when the session has ended', async () => {
    const app = new MiniProgram(BUILD)
    app.double.signIn()
    app.double.on('request', ((options: { success(answer: object): void }) =>
      options.success({ statusCode: 401, data: { code: 'not_signed_in', message: '请先登录' }, header: {} })) as never)
    app.launch()
    const page = await app.open('pages/home/index')
    expect(page.text()).toContain('团长自己的团购工具')
    const requests = app.double.calls.filter((call) => call.name === 'request').map((call) => call.args[0])
    expect(requests.filter((request) => (request as { url: string }).url === '__YANTUAN_ORIGIN__/api/me')).toHaveLength(1)
    expect(app.double.calls.map((call) => call.name)).not.toContain('navigateTo')
  })

  it('goes home when "back" has nowhere to go', async () => {
    const app = new MiniProgram(BUILD)
    app.launch()
    const page = await app.open('pages/login/index')
    await page.tap('nav-back')
    expect(app.double.calls.filter((call) => call.name === 'switchTab')).toHaveLength(1)
  })
})
