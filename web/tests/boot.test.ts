import { beforeEach, describe, expect, it } from 'vitest'

import { canonicalPath, loadBoot, takeBootAnswer, useBoot } from '@/api/boot'
import { serverNow } from '@/utils/clock'

const NOW = 1_700_000_000_000

describe('boot data', () => {
  beforeEach(() => void loadBoot('{}', NOW))

  it('answers each injected GET exactly once', () => {
    loadBoot(JSON.stringify({ api: { '/api/g/abc': { title: '葡萄' } } }), NOW)
    expect(takeBootAnswer('/api/g/abc', NOW)).toEqual({ body: { title: '葡萄' } })
    expect(takeBootAnswer('/api/g/abc', NOW)).toBeUndefined()
    expect(takeBootAnswer('/api/g/other', NOW)).toBeUndefined()
  })

  it('treats the same query in another order as the same request', () => {
    loadBoot(JSON.stringify({ api: { '/api/list?b=2&a=1': [] } }), NOW)
    expect(takeBootAnswer('/api/list?a=1&b=2', NOW)).toEqual({ body: [] })
    expect(canonicalPath('/x?')).toBe('/x')
  })

  it('keeps an injected null apart from nothing', () => {
    loadBoot(JSON.stringify({ api: { '/api/me': null } }), NOW)
    expect(takeBootAnswer('/api/me', NOW)).toEqual({ body: null })
  })

  it('does not serve old news', () => {
    loadBoot(JSON.stringify({ api: { '/api/g/abc': 1 } }), NOW)
    expect(takeBootAnswer('/api/g/abc', NOW + 60_000)).toBeUndefined()
  })

  it('survives a damaged snapshot', () => {
    expect(loadBoot('{"route": "/pages', NOW)).toEqual({})
    expect(loadBoot('17', NOW)).toEqual({})
    expect(takeBootAnswer('/api/me', NOW)).toBeUndefined()
  })

  it('sets the clock and tells the route', () => {
    loadBoot(JSON.stringify({ route: '/pages/g/index?code=abc', now: Date.now() + 60_000 }), Date.now())
    expect(useBoot().route).toBe('/pages/g/index?code=abc')
    expect(serverNow() - Date.now()).toBeGreaterThan(59_000)
  })
})
