import { computed, ref, type Ref } from 'vue'

import type { GroupBuyPage, PageOffer, PageProduct } from '@/api/types'
import { readStored, writeStored } from '@/platform/storage'

/** Offer id → quantity. */
export type Cart = Readonly<Record<string, number>>

/** One chosen offer with what the page says of it. */
export interface CartLine {
  readonly product: PageProduct
  readonly offer: PageOffer
  readonly quantity: number
}

// A person looks at few sales at a time; older carts give way.
const KEPT_CARTS = 20

const carts = ref<Record<string, Record<string, number>>>(readStored('carts') ?? {})

/** The most one person may put into the cart now: stock, and the purchase limit where there is one. */
export function mostOf(offer: PageOffer): number {
  return offer.limit_per_person > 0 ? Math.min(offer.stock, offer.limit_per_person) : offer.stock
}

/** The fewest pieces an order may hold. */
function leastOf(offer: PageOffer): number {
  const step = offer.limits?.step || 1
  return Math.ceil(Math.max(1, offer.limits?.least ?? 0) / step) * step
}

/**
 * The quantity the offer sells next to a wished one: up to the next when more is wished than before, else down; 0 below the fewest.
 */
export function allowedQuantity(offer: PageOffer, wished: number, before: number): number {
  const step = offer.limits?.step || 1
  const least = leastOf(offer)
  const highest = Math.floor(mostOf(offer) / step) * step
  const raised = wished > before ? Math.max(least, Math.ceil(wished / step) * step) : Math.floor(wished / step) * step
  const found = Math.min(raised, highest)
  return found >= least ? found : 0
}

/** The chosen offers that the page still sells, in the page's order, never more than may be had. */
export function cartLines(page: GroupBuyPage, cart: Cart): CartLine[] {
  const lines: CartLine[] = []
  for (const product of page.products) {
    for (const offer of product.offers) {
      const wished = cart[offer.id] ?? 0
      const quantity = allowedQuantity(offer, wished, wished)
      if (quantity > 0) lines.push({ product, offer, quantity })
    }
  }
  return lines
}

/** Sum in fen. Only for the eye: the server computes what is paid. */
export function cartTotal(lines: readonly CartLine[]): number {
  return lines.reduce((sum, line) => sum + line.offer.price_fen * line.quantity, 0)
}

/** How many pieces the cart holds. */
export function cartCount(lines: readonly CartLine[]): number {
  return lines.reduce((sum, line) => sum + line.quantity, 0)
}

function save(code: string, cart: Record<string, number>): void {
  const rest = Object.entries(carts.value).filter(([other]) => other !== code)
  const entries = Object.keys(cart).length ? [...rest, [code, cart] as const] : rest
  carts.value = Object.fromEntries(entries.slice(-KEPT_CARTS))
  writeStored('carts', carts.value)
}

/** The cart of one group buy, kept on the phone. `code` is its public code. */
export function useCart(code: Ref<string>) {
  const cart = computed<Cart>(() => carts.value[code.value] ?? {})
  return {
    cart,
    /** Sets the quantity of an offer; 0 takes it out. */
    set(offerId: string, quantity: number): void {
      const next = { ...cart.value, [offerId]: quantity }
      if (quantity <= 0) delete next[offerId]
      save(code.value, next)
    },
    clear(): void {
      save(code.value, {})
    },
  }
}
