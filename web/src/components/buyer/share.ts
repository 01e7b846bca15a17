import { api } from '@/api/http'
import type { GroupBuyPage, StorePage } from '@/api/types'
import { IS_MP } from '@/config'
import { t } from '@/i18n'
import { webUrl } from '@/platform/browser'
import { afterFirstPage } from '@/platform/launch'
import { setWechatCard, type ShareInfo } from '@/platform/share'
import { readStored, writeStored } from '@/platform/storage'
import { formatFen, formatFenRange } from '@/utils/money'
import { pageUrl } from '@/utils/routes'

// Enough for the sales one person has open at a time.
const KEPT = 20

/** A chat shows only the title and the picture of a card, so the price stands in the title: “周五鲜果团 ¥23.80 起”. */
export function pricedTitle(title: string, lowFen: number, highFen: number): string {
  if (!Number.isFinite(lowFen)) return title
  return `${title} ${formatFen(lowFen)}${highFen > lowFen ? t('wx.priceFrom') : ''}`
}

/** The card of a group buy. A buyer's own forwarding carries no token: nobody is paid or counted for sharing. */
export function groupShare(page: GroupBuyPage): ShareInfo {
  const low = Math.min(...page.products.map((product) => product.price_min_fen))
  const high = Math.max(...page.products.map((product) => product.price_max_fen))
  const price = page.products.length ? formatFenRange(low, high) : ''
  return {
    title: page.title,
    cardTitle: pricedTitle(page.title, low, high),
    path: pageUrl('/pages/g/index', { code: page.code }),
    url: webUrl(`/g/${page.code}`),
    desc: [price, page.store.name].filter(Boolean).join(' · '),
    cardUrl: webUrl(`/share/g/${page.code}/card.jpg`),
    ...(page.cover_url ? { imageUrl: webUrl(page.cover_url) } : {}),
  }
}

/** The card of a store. */
export function storeShare(page: StorePage): ShareInfo {
  return {
    title: page.store.name,
    path: pageUrl('/pages/s/index', { code: page.store.code }),
    url: webUrl(`/s/${page.store.code}`),
    cardUrl: webUrl(`/share/s/${page.store.code}/card.jpg`),
    desc: page.store.introduction.slice(0, 60) || t('buyer.storeOf', { name: page.store.leader.display_name }),
    ...(page.store.cover_url ? { imageUrl: webUrl(page.store.cover_url) } : {}),
  }
}

/** Remembers through which of the leader's links somebody came, and tells the server of the opening where it can't see it. */
export function noteShare(code: string, token: string | undefined): void {
  if (!token) return
  const rest = Object.entries(readStored('shares') ?? {}).filter(([other]) => other !== code)
  writeStored('shares', Object.fromEntries([...rest, [code, token]].slice(-KEPT)))
  // On H5 the server counted when it answered the document. Here it is told once the page is on screen: it must not slow it.
  if (IS_MP) afterFirstPage(() => void api.post('/api/shares/{token}/open', { path: { token }, auth: 'quiet' }).catch(() => undefined))
}

/** The link a sale was opened through, or ''. */
export function shareTokenOf(code: string): string {
  return readStored('shares')?.[code] ?? ''
}

/** Dresses the card of WeChat's own "…" menu; elsewhere nothing happens. */
export async function dressWechatCard(info: ShareInfo): Promise<void> {
  await setWechatCard(info, async (url) => {
    const signed = await api.get('/api/wechat/js-signature', { query: { url }, auth: 'quiet' })
    return { appId: signed.app_id, timestamp: signed.timestamp, nonceStr: signed.nonce, signature: signed.signature }
  }).catch(() => false)
}
