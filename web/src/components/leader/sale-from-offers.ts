import { api } from '@/api/http'

/** What a sale offers of one variant. */
export interface OfferBody {
  readonly sku_id: string
  readonly price_fen: number
  readonly limit_per_person: number
}

export interface SaleDraft {
  readonly title: string
  readonly endsAt: string
  readonly blocks: readonly string[]
  /** What the source says of delivery; null: nothing, so the store's own ways are taken. */
  readonly courier: boolean | null
  readonly pickup: boolean | null
  readonly offers: readonly OfferBody[]
}

/** Writes a draft that offers these goods, delivered in the ways the store has; answers its id. */
export async function draftSale(storeId: string, draft: SaleDraft): Promise<string> {
  const store = await api.get('/api/leader/stores/{store_id}', { path: { store_id: storeId } })
  const courier = store.courier_enabled && draft.courier !== false
  const pickup = store.pickup_enabled && draft.pickup !== false
  const body = {
    title: draft.title.trim(),
    blocks: draft.blocks.map((block) => ({ kind: 'text' as const, text: block.slice(0, 2000) })),
    offers: [...draft.offers],
    starts_at: new Date().toISOString(),
    ends_at: draft.endsAt,
    courier_enabled: courier || !pickup,
    pickup_enabled: pickup,
    pickup_point_ids: pickup ? store.pickup_points.map((point) => point.id) : [],
    questions: [],
    show_joined: true,
  }
  const made = await api.post('/api/leader/stores/{store_id}/group-buys', { path: { store_id: storeId }, body: body as never })
  return made.id
}
