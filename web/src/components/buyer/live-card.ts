import { api } from '@/api/http'
import { IS_MP } from '@/config'
import { afterFirstPage } from '@/platform/launch'
import { setLiveCard } from '@/platform/live-card'
import { serverNow } from '@/utils/clock'
import { toMs } from '@/utils/time'

/** What of a sale decides whether its card may go on counting. */
export interface Counted {
  readonly code: string
  readonly status: string
  readonly ends_at?: string | null
}

// WeChat keeps such a card for a day and then calls it over: only a sale that ends before that can have one.
const DAY_MS = 24 * 3600 * 1000

// The shop said that it has none: then nobody asks again until the app is started anew.
let none = false
// Whether the share menu stands on a counting card now.
let worn = false

function mayCount(sale: Counted): boolean {
  if (sale.status !== 'open' || !sale.ends_at) return false
  const left = toMs(sale.ends_at) - serverNow()
  return left > 0 && left < DAY_MS
}

async function ask(code: string): Promise<void> {
  try {
    const card = await api.post('/api/g/{code}/live-card', { path: { code }, auth: 'quiet' })
    none = !card.enabled
    if (!card.activity_id) return
    worn = true
    setLiveCard({ activityId: card.activity_id, templateId: card.template_id, members: card.members, room: card.room })
  } catch {
    // A plain card is as good: it only doesn't count.
  }
}

/** Makes the cards shared from this page go on counting, where the shop and the sale allow it. Never delays the first page. */
export function prepareLiveCard(sale: Counted): void {
  if (!IS_MP || none || !mayCount(sale)) return
  afterFirstPage(() => void ask(sale.code))
}

/** The page goes: what another page shares must not count for this sale. */
export function dropLiveCard(): void {
  if (worn) setLiveCard(null)
  worn = false
}
