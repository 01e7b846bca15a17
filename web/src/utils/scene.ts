import { replace } from './routes'

import { api } from '@/api/http'

/** Query of a page as the platform hands it over. */
export type PageQuery = Readonly<Record<string, string | undefined>>

/** The short id in a scanned code, or ''. WeChat hands `scene` over encoded, and it may hold up to 32 plain characters. */
export function sceneOf(query: PageQuery | undefined): string {
  const raw = query?.scene ?? ''
  try {
    return decodeURIComponent(raw).trim().slice(0, 32)
  } catch {
    // A damaged code; the server says that it knows no such thing.
    return raw.slice(0, 32)
  }
}

/** The short id in what a scanner read from one of our printed codes, the link of a page or the path of one; '' for anything else. */
export function sceneIn(scanned: string): string {
  return sceneOf({ scene: /[?&]scene=([^&#\s]+)/.exec(scanned)?.[1] })
}

/**
 * The query a page works with. A page opened by a scanned code asks the server what the code stands for; if that is another page, the
 * app goes there and this never resolves, because the page is on its way out. Throws ApiError.
 *
 * @param page this page's own path, for example `pages/g/index`
 */
export async function arrivedQuery(query: PageQuery | undefined, page: string): Promise<PageQuery> {
  const scene = sceneOf(query)
  if (!scene) return query ?? {}
  const target = await api.get('/api/scenes/{scene_id}', { path: { scene_id: scene }, auth: 'quiet' })
  if (target.page === page) return target.query
  replace(`/${target.page}`, target.query)
  return new Promise(() => {})
}
