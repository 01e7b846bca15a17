/** Field-level or machine-readable facts that come with a refusal. */
export type ErrorDetails = Readonly<Record<string, unknown>>

export interface ApiErrorInit {
  readonly code: string
  readonly message: string
  readonly messageEn?: string
  readonly details?: ErrorDetails
  readonly requestId?: string
  readonly status: number
}

/**
 * Every failed call ends in this one class. `code` is stable and safe to branch on; `message` is a natural
 * Chinese sentence for people. `status` is 0 when no answer arrived at all (see `isNetwork`).
 */
export class ApiError extends Error {
  readonly code: string
  readonly messageEn: string
  readonly details: ErrorDetails
  readonly requestId: string
  readonly status: number

  constructor(init: ApiErrorInit) {
    super(init.message)
    this.name = 'ApiError'
    this.code = init.code
    this.messageEn = init.messageEn ?? init.message
    this.details = init.details ?? {}
    this.requestId = init.requestId ?? ''
    this.status = init.status
  }

  /** True when the server may never have seen the request: offline, timeout, connection reset. */
  get isNetwork(): boolean {
    return this.status === 0
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Builds the error of a non-2xx answer, also when a proxy answered with something that is not our envelope. */
export function errorFromResponse(status: number, data: unknown): ApiError {
  if (isRecord(data) && typeof data.code === 'string' && typeof data.message === 'string') {
    return new ApiError({
      code: data.code,
      message: data.message,
      messageEn: typeof data.message_en === 'string' ? data.message_en : data.message,
      details: isRecord(data.details) ? data.details : {},
      requestId: typeof data.request_id === 'string' ? data.request_id : '',
      status,
    })
  }
  return new ApiError({
    code: status >= 500 ? 'server_unavailable' : 'unexpected_answer',
    message: status >= 500 ? '服务器暂时忙不过来，请稍后再试' : '服务器的回答看不懂，请稍后再试',
    messageEn: status >= 500 ? 'The server is busy. Please try again soon.' : 'The server gave an unexpected answer.',
    status,
  })
}

/** Builds the error of a request that got no answer. `reason` is the platform's own text. */
export function networkError(reason: string): ApiError {
  const timeout = /time\s*-?out/i.test(reason)
  return new ApiError({
    code: timeout ? 'network_timeout' : 'network_unreachable',
    message: timeout ? '网络太慢，还没有等到回答，请再试一次' : '网络连不上，请检查后再试一次',
    messageEn: timeout ? 'The network is slow. Please try again.' : 'No connection. Please check the network and try again.',
    details: { reason },
    status: 0,
  })
}
