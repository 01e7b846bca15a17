export type Query = Readonly<Record<string, string | number | undefined>>

const TABS: ReadonlySet<string> = new Set([
  '/pages/home/index',
  '/pages/orders/index',
  '/pages/messages/index',
  '/pages/me/index',
])

/** Short public addresses and the page each one opens. The server answers the same ones with preview tags. */
const SHORT: readonly (readonly [RegExp, string])[] = [
  [/^\/g\/([\w-]+)$/, '/pages/g/index?code='],
  [/^\/s\/([\w-]+)$/, '/pages/s/index?code='],
]

/** The page behind a short address with the rest of its query, or null when it is none. */
export function expandShort(pathname: string, search = ''): string | null {
  for (const [pattern, page] of SHORT) {
    const match = pattern.exec(pathname)
    if (!match) continue
    const rest = search.replace(/^\?/, '')
    return `${page}${encodeURIComponent(match[1] ?? '')}${rest ? `&${rest}` : ''}`
  }
  return null
}

/** `/pages/g/index` and `{code: 'a b'}` → `/pages/g/index?code=a%20b`; undefined values are left out. */
export function pageUrl(path: string, query: Query = {}): string {
  const pairs = Object.entries(query)
    .filter((pair): pair is [string, string | number] => pair[1] !== undefined && pair[1] !== '')
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
  return pairs.length ? `${path}?${pairs.join('&')}` : path
}

/** Only our own pages may be a return target: a foreign address in `next` would be an open redirect. */
export function safeNext(next: string | undefined, fallback = '/pages/home/index'): string {
  if (!next) return fallback
  return /^\/(pages|leader|buyer)\/[\w-]+\/index(\?[^#]*)?$/.test(next) ? next : fallback
}

/** A page address that came as a query value: the platforms hand it over encoded never, once or twice. */
export function decodeNext(next: string | undefined): string {
  let text = next ?? ''
  try {
    for (let round = 0; round < 2 && /^%(25)?2F/i.test(text); round += 1) text = decodeURIComponent(text)
  } catch {
    // A cut-off address is no way back; the caller falls back to the home page.
    return ''
  }
  return text
}

/** Opens a page; tab pages are switched to (their query is lost by the platform), others are pushed. */
export function go(path: string, query: Query = {}): void {
  const url = pageUrl(path, query)
  if (TABS.has(url.split('?')[0] ?? '')) uni.switchTab({ url })
  else uni.navigateTo({ url })
}

/** Like `go`, but the present page is replaced, so that "back" does not return to it. */
export function replace(path: string, query: Query = {}): void {
  const url = pageUrl(path, query)
  if (TABS.has(url.split('?')[0] ?? '')) uni.switchTab({ url })
  else uni.redirectTo({ url })
}

/** Goes back; a page opened straight from a link has nothing behind it and goes to `fallback`. */
export function back(fallback = '/pages/home/index'): void {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else replace(fallback)
}

/** Address of the page on screen with its query; '' before the first page. */
export function currentUrl(): string {
  const pages = getCurrentPages()
  const page = pages[pages.length - 1] as { route?: string; $page?: { fullPath?: string } } | undefined
  if (!page?.route) return ''
  return page.$page?.fullPath ?? `/${page.route}`
}

/** Opens the login page once, with the way back to the page on screen. */
export function toLogin(): void {
  const here = currentUrl()
  if (here.startsWith('/pages/login/')) return
  uni.navigateTo({ url: pageUrl('/pages/login/index', { next: here }) })
}
