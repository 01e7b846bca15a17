import { ref } from 'vue'

import { useSession } from './session'

import { api } from '@/api/http'
import type { components } from '@/api/schema'
import type { GroupBuyPage } from '@/api/types'

export type Wish = components['schemas']['WaitOut']

const kept = ref<Record<string, readonly Wish[]>>({})

/** The page with the goods that are held for this person among what they may have. */
export function withHeld(page: GroupBuyPage, wishes: readonly Wish[]): GroupBuyPage {
  const held = new Map(wishes.filter((wish) => wish.state === 'offered').map((wish) => [wish.offer_id, wish.quantity]))
  if (!held.size) return page
  const products = page.products.map((product) => ({
    ...product,
    offers: product.offers.map((offer) => ({ ...offer, stock: offer.stock + (held.get(offer.id) ?? 0) })),
  }))
  return { ...page, products }
}

/** A person's places in waiting lists, by sale. */
export function useWishes() {
  const { likely } = useSession()
  return {
    of(groupBuyId: string): readonly Wish[] {
      return kept.value[groupBuyId] ?? []
    },
    /** Asks for one's own places; nothing is asked for a sale without a waiting list or a visitor. */
    async load(page: GroupBuyPage): Promise<void> {
      if (!page.demands?.waiting_minutes || !likely.value) return
      // The page works without them; the next look asks again.
      const found = await api.get('/api/group-buys/{group_buy_id}/wishes', { path: { group_buy_id: page.id }, auth: 'quiet' }).catch(() => null)
      if (found) kept.value = { ...kept.value, [page.id]: found }
    },
    async lineUp(page: GroupBuyPage, offerId: string, quantity: number): Promise<Wish> {
      const made = await api.put('/api/offers/{offer_id}/wish', { path: { offer_id: offerId }, body: { quantity } })
      const rest = (kept.value[page.id] ?? []).filter((wish) => wish.offer_id !== offerId)
      kept.value = { ...kept.value, [page.id]: [...rest, made] }
      return made
    },
    async leave(page: GroupBuyPage, wishId: string): Promise<void> {
      await api.delete('/api/wishes/{wish_id}', { path: { wish_id: wishId } })
      kept.value = { ...kept.value, [page.id]: (kept.value[page.id] ?? []).filter((wish) => wish.id !== wishId) }
    },
  }
}
