import type { Intent } from './idempotency'
import type { paths } from './schema'
import { send, sendFile, type HttpMethod, type SendOptions } from './transport'

type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined
type Ok<R> = { [S in keyof R]: S extends 200 | 201 | 202 | 203 | 204 ? Json<R[S]> : never }[keyof R]

/** The paths of the server's OpenAPI document that know this method. */
export type PathOf<M extends HttpMethod> = {
  [P in keyof paths]: paths[P] extends { [K in M]: unknown } ? P : never
}[keyof paths]
type Operation<P extends keyof paths, M extends HttpMethod> = M extends keyof paths[P] ? paths[P][M] : never

/** Body of a successful answer, for example `Answer<'/api/me', 'get'>`. */
export type Answer<P extends keyof paths, M extends HttpMethod> =
  Operation<P, M> extends { responses: infer R } ? Ok<R> : never

type Parameters<O> = O extends { parameters: infer P } ? P : never
type PathPart<O> = Parameters<O> extends { path: infer T } ? { readonly path: { [K in keyof T]: string | number } } : unknown
type QueryPart<O> =
  Parameters<O> extends { query: infer T } ? { readonly query: T } : Parameters<O> extends { query?: infer T } ? QueryMaybe<T> : unknown
// An operation without query parameters is generated as `query?: never`.
type QueryMaybe<T> = [Exclude<T, undefined>] extends [never] ? unknown : { readonly query?: Exclude<T, undefined> }
type BodyPart<O> = O extends { requestBody: { content: { 'application/json': infer B } } }
  ? { readonly body: B }
  : O extends { requestBody?: { content: { 'application/json': infer B } } }
    ? { readonly body?: B }
    : unknown

interface Common extends Omit<SendOptions, 'body'> {
  /** Gives a write its Idempotency-Key: the same wish keeps its key over retries. */
  readonly intent?: Intent
}

/** Everything one call takes: path and query parameters, body, and the common options. */
export type CallOptions<P extends keyof paths, M extends HttpMethod> = PathPart<Operation<P, M>> &
  QueryPart<Operation<P, M>> &
  BodyPart<Operation<P, M>> &
  Common
type Args<P extends keyof paths, M extends HttpMethod> =
  object extends CallOptions<P, M> ? [options?: CallOptions<P, M>] : [options: CallOptions<P, M>]

interface LooseOptions extends Common {
  readonly path?: Readonly<Record<string, string | number>>
  readonly query?: object
  readonly body?: unknown
}

/** Fills `{name}` parts and appends the query; undefined, null and '' are left out, lists repeat their key. */
export function buildPath(template: string, path: Readonly<Record<string, string | number>> = {}, query: object = {}): string {
  const base = template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = path[name]
    if (value === undefined || value === '') throw new Error(`missing path parameter ${name} of ${template}`)
    return encodeURIComponent(String(value))
  })
  const pairs: string[] = []
  for (const [key, value] of Object.entries(query) as [string, unknown][]) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item === undefined || item === null || item === '') continue
      pairs.push(`${encodeURIComponent(key)}=${encodeURIComponent(String(item))}`)
    }
  }
  return pairs.length ? `${base}?${pairs.join('&')}` : base
}

async function call(method: HttpMethod, template: string, options: LooseOptions = {}): Promise<unknown> {
  const { path, query, body, intent, ...rest } = options
  const key = intent ? intent.keyFor(body ?? null) : rest.idempotencyKey
  const answer = await send(method, buildPath(template, path, query), {
    ...rest,
    ...(body === undefined ? {} : { body }),
    ...(key ? { idempotencyKey: key } : {}),
  })
  intent?.done()
  return answer
}

function verb<M extends HttpMethod>(method: M) {
  return <P extends PathOf<M>>(path: P, ...args: Args<P, M>): Promise<Answer<P, M>> =>
    call(method, path as string, args[0] as LooseOptions | undefined) as Promise<Answer<P, M>>
}

/** The server's API, typed from its OpenAPI document. Every failure is an `ApiError`. */
export const api = {
  get: verb('get'),
  post: verb('post'),
  put: verb('put'),
  patch: verb('patch'),
  delete: verb('delete'),
  /** Multipart upload of one local file; the answer's shape is the caller's to name. */
  upload: <T>(path: string, filePath: string, form?: Record<string, string>, name?: string): Promise<T> =>
    sendFile(path, filePath, form, name) as Promise<T>,
}

export { ApiError } from './errors'
export { createIntent, type Intent } from './idempotency'
