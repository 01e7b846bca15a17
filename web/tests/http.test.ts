import { beforeEach, describe, expect, it, vi } from 'vitest'

import { loadBoot } from '@/api/boot'
import { ApiError } from '@/api/errors'
import { buildPath } from '@/api/http'
import { createIntent, uuid4 } from '@/api/idempotency'
import { absolutePictures, send, sendFile, setUnauthorizedHandler } from '@/api/transport'

interface Sent {
  url: string
  method: string
  header: Record<string, string>
  data?: unknown
  filePath?: string
  success(answer: unknown): void
  fail(cause: { errMsg: string }): void
}

const sent: Sent[] = []
let answers: ((request: Sent) => void)[] = []

const reply = (statusCode: number, data: unknown = '', header: object = {}) => (request: Sent) =>
  request.success({ statusCode, data, header, cookies: [] })
const drop = (errMsg = 'request:fail') => (request: Sent) => request.fail({ errMsg })

function take(request: Sent): void {
  sent.push(request)
  const next = answers.shift()
  if (!next) throw new Error(`unexpected request to ${request.url}`)
  next(request)
}

async function refusal(job: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await job.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError')
  return error
}

beforeEach(() => {
  sent.length = 0
  answers = []
  loadBoot('{}')
  vi.stubGlobal('uni', { request: take, uploadFile: take, getStorageSync: () => '' })
})

describe('send', () => {
  it('sends what the server needs and returns the body', async () => {
    answers = [reply(200, { id: '1' })]
    expect(await send('post', '/api/orders', { body: { a: 1 }, idempotencyKey: 'k' })).toEqual({ id: '1' })
    expect(sent[0]).toMatchObject({
      url: '/api/orders',
      method: 'POST',
      data: { a: 1 },
      header: { 'X-Yantuan-Client': 'h5', 'Accept-Language': 'zh-CN', 'Idempotency-Key': 'k', 'Content-Type': 'application/json' },
    })
    expect(sent[0]?.header).not.toHaveProperty('Authorization')
  })

  it('returns nothing for 204', async () => {
    answers = [reply(204)]
    expect(await send('delete', '/api/x')).toBeUndefined()
  })

  it('turns the envelope into a typed error', async () => {
    answers = [reply(409, { code: 'sold_out', message: '已经卖完了', message_en: 'Sold out', details: { offer: '7' }, request_id: 'r1' })]
    const error = await refusal(send('post', '/api/orders', { body: {} }))
    expect(error).toMatchObject({ code: 'sold_out', message: '已经卖完了', messageEn: 'Sold out', status: 409, details: { offer: '7' }, requestId: 'r1' })
    expect(error.isNetwork).toBe(false)
  })

  it('copes with an answer that is not ours', async () => {
    answers = [reply(413, '<html>')]
    expect((await refusal(send('post', '/api/x', { body: {} }))).code).toBe('unexpected_answer')
  })

  it('asks a GET twice, a POST once', async () => {
    answers = [drop(), reply(200, 1)]
    expect(await send('get', '/api/x')).toBe(1)
    answers = [drop('request:fail timeout')]
    expect(await refusal(send('post', '/api/x'))).toMatchObject({ code: 'network_timeout', isNetwork: true })
    expect(sent).toHaveLength(3)
  })

  it('repeats a GET over a gateway error but not over a refusal', async () => {
    answers = [reply(502), reply(502)]
    expect((await refusal(send('get', '/api/x'))).status).toBe(502)
    answers = [reply(404, { code: 'not_found', message: '没有' })]
    expect((await refusal(send('get', '/api/x'))).code).toBe('not_found')
    expect(sent).toHaveLength(3)
  })

  it('opens the login page on 401, unless told to be quiet', async () => {
    const opened = vi.fn()
    setUnauthorizedHandler(opened)
    answers = [reply(401, {}), reply(401, {})]
    await refusal(send('get', '/api/me', { auth: 'quiet' }))
    expect(opened).not.toHaveBeenCalled()
    await refusal(send('get', '/api/me'))
    expect(opened).toHaveBeenCalledOnce()
  })

  it('makes no request for injected data', async () => {
    loadBoot(JSON.stringify({ api: { '/api/g/abc': { title: 'x' } } }))
    expect(await send('get', '/api/g/abc')).toEqual({ title: 'x' })
    expect(sent).toHaveLength(0)
  })
})

describe('upload', () => {
  it('decodes the answer and the refusal', async () => {
    answers = [reply(201, '{"id":"7"}'), reply(415, '{"code":"picture_kind_unsupported","message":"这不是图片"}'), reply(413, '<html>')]
    expect(await sendFile('/api/pictures', 'tmp/a.jpg', { purpose: 'goods' })).toEqual({ id: '7' })
    expect((await refusal(sendFile('/api/pictures', 'tmp/a.jpg'))).code).toBe('picture_kind_unsupported')
    expect((await refusal(sendFile('/api/pictures', 'tmp/a.jpg'))).status).toBe(413)
  })
})

describe('buildPath', () => {
  it('fills and escapes', () => {
    expect(buildPath('/api/g/{code}', { code: 'a/b' }, { q: '草莓', page: undefined, tag: ['x', 'y'] })).toBe(
      '/api/g/a%2Fb?q=%E8%8D%89%E8%8E%93&tag=x&tag=y',
    )
  })

  it('refuses a hole', () => expect(() => buildPath('/api/g/{code}')).toThrow(/code/))
})

describe('intent', () => {
  it('keeps its key for the same wish, and only for it', () => {
    const intent = createIntent()
    const first = intent.keyFor({ a: 1 })
    expect(intent.keyFor({ a: 1 })).toBe(first)
    expect(intent.keyFor({ a: 2 })).not.toBe(first)
    const second = intent.keyFor({ a: 2 })
    intent.done()
    expect(intent.keyFor({ a: 2 })).not.toBe(second)
  })

  it('makes real UUIDs', () => {
    const keys = new Set(Array.from({ length: 500 }, uuid4))
    expect(keys.size).toBe(500)
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})

describe('picture addresses in the mini-program', () => {
  it('become full wherever they stand; other text stays', () => {
    const answer = { cover_url: '/media/a.webp', lines: [{ picture_url: '/media/b_t.webp', title: '/media 的故事' }], count: 2, none: null, url: 'https://x/media/c' }
    expect(absolutePictures(answer, 'https://shop')).toEqual({
      cover_url: 'https://shop/media/a.webp',
      lines: [{ picture_url: 'https://shop/media/b_t.webp', title: '/media 的故事' }],
      count: 2,
      none: null,
      url: 'https://x/media/c',
    })
  })
})
