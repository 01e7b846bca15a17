import { takeBootAnswer } from './boot'
import { ApiError, errorFromResponse, networkError } from './errors'

import { API_BASE, IS_H5, IS_MP } from '@/config'
import { locale } from '@/i18n'
import { readToken } from '@/platform/storage'
import { serverNow, syncClock } from '@/utils/clock'

export type HttpMethod = 'get' | 'post' | 'put' | 'patch' | 'delete'

export interface SendOptions {
  readonly body?: unknown
  readonly idempotencyKey?: string
  /** Milliseconds; 15 s unless told. */
  readonly timeout?: number
  /** `quiet` leaves a 401 to the caller instead of opening the login page. */
  readonly auth?: 'login' | 'quiet'
}

const DEFAULT_TIMEOUT_MS = 15_000
const RETRY_AFTER_MS = 400

type Answer = UniApp.RequestSuccessCallbackResult

let onUnauthorized: () => void = () => {}

/** Registered once by the app: what to do when the session has ended. */
export function setUnauthorizedHandler(handler: () => void): void {
  onUnauthorized = handler
}

/** Headers every call to the server carries, uploads included. */
export function commonHeaders(): Record<string, string> {
  const headers: Record<string, string> = {
    'Accept-Language': locale.value === 'en' ? 'en' : 'zh-CN',
    'X-Yantuan-Client': IS_H5 ? 'h5' : 'mp',
  }
  const token = IS_H5 ? '' : readToken()
  if (token) headers.Authorization = `Bearer ${token}`
  return headers
}

function headersOf(method: HttpMethod, options: SendOptions): Record<string, string> {
  const headers = commonHeaders()
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  // wx.request has no PATCH; the server reads this header on a POST.
  if (IS_MP && method === 'patch') headers['X-HTTP-Method-Override'] = 'PATCH'
  return headers
}

function platformMethod(method: HttpMethod): 'GET' | 'POST' | 'PUT' | 'DELETE' {
  if (method === 'patch') return (IS_MP ? 'POST' : 'PATCH') as 'POST'
  return method.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'DELETE'
}

function once(method: HttpMethod, path: string, options: SendOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: API_BASE + path,
      method: platformMethod(method),
      header: headersOf(method, options),
      timeout: options.timeout ?? DEFAULT_TIMEOUT_MS,
      withCredentials: true,
      dataType: 'json',
      ...(options.body === undefined ? {} : { data: options.body as Record<string, unknown> }),
      success: resolve,
      fail: (cause: { errMsg?: string }) => reject(networkError(cause.errMsg ?? '')),
    })
  })
}

function readClock(answer: Answer): void {
  const headers = (answer.header ?? {}) as Record<string, unknown>
  const value = headers['x-yantuan-now'] ?? headers['X-Yantuan-Now']
  const ms = Number(value)
  // The coarse Date header would make an exact clock worse, so only our own header counts.
  if (value !== undefined && Number.isFinite(ms) && Math.abs(ms - serverNow()) > 250) syncClock(ms)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/**
 * The server names pictures by their path. A browser knows the origin; a mini-program would look into its own package,
 * so there every such path in an answer becomes a full address.
 */
export function absolutePictures(value: unknown, origin: string): unknown {
  if (typeof value === 'string') return value.startsWith('/media/') ? origin + value : value
  if (Array.isArray(value)) return value.map((item) => absolutePictures(item, origin))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, absolutePictures(item, origin)]))
}

// Public pictures come as paths of this server, which a browser completes by itself.
const PICTURE_PATH = '/media/'

/** The mini-program has no page address to complete a path with: every picture path gets the server's address. */
export function fullPictures(value: unknown, base: string = API_BASE): unknown {
  if (typeof value === 'string') return value.startsWith(PICTURE_PATH) ? base + value : value
  if (Array.isArray(value)) return value.map((item) => fullPictures(item, base))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fullPictures(item, base)]))
}

function settle(answer: Answer, options: SendOptions): unknown {
  readClock(answer)
  if (answer.statusCode >= 200 && answer.statusCode < 300) {
    if (answer.statusCode === 204 || answer.data === '') return undefined
    return IS_MP ? absolutePictures(answer.data, API_BASE) : answer.data
  }
  if (answer.statusCode === 401 && options.auth !== 'quiet') onUnauthorized()
  throw errorFromResponse(answer.statusCode, answer.data)
}

/** True when asking again is safe and may help: nothing arrived, or a gateway in between gave up. */
function worthRetry(error: unknown): boolean {
  return error instanceof ApiError && (error.isNetwork || error.status === 502 || error.status === 503 || error.status === 504)
}

/**
 * Sends one request and returns the decoded body (undefined for 204).
 * A GET is answered from the injected boot data when it is there, and tried once more when no answer arrived.
 *
 * @throws ApiError for every refusal and every network failure.
 */
export async function send(method: HttpMethod, path: string, options: SendOptions = {}): Promise<unknown> {
  if (method !== 'get') return settle(await once(method, path, options), options)
  const boot = takeBootAnswer(path)
  if (boot) return boot.body
  try {
    return settle(await once(method, path, options), options)
  } catch (error) {
    if (!worthRetry(error)) throw error
    await pause(RETRY_AFTER_MS)
    return settle(await once(method, path, options), options)
  }
}

/**
 * Uploads one local file as multipart form data.
 *
 * @param filePath temporary path from the platform's picker
 * @throws ApiError like `send`
 */
export function sendFile(path: string, filePath: string, form: Record<string, string> = {}, name = 'file'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    uni.uploadFile({
      url: API_BASE + path,
      filePath,
      name,
      formData: form,
      header: commonHeaders(),
      timeout: 60_000,
      success: (answer) => {
        try {
          resolve(settle({ ...answer, data: decode(answer.data), header: {}, cookies: [] }, {}))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      },
      fail: (cause: { errMsg?: string }) => reject(networkError(cause.errMsg ?? '')),
    })
  })
}

function decode(text: string): string | Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // Not JSON, for example a proxy's own "413 too large" page; the status still tells what happened.
    return text
  }
}
