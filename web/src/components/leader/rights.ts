import { may, type Right } from '@/stores/session'

/** The right behind each word of an order's `actions`; the server holds to it, this only keeps buttons away that would be refused. */
const RIGHTS: Readonly<Record<string, Right>> = {
  ship: 'shipping',
  pickup: 'pickup',
  refund: 'aftersales',
  confirm_payment: 'orders',
}

/** The words of `actions` that this person may carry out in the store they work in. */
export function allowed(actions: readonly string[]): string[] {
  return actions.filter((word) => {
    const right = RIGHTS[word]
    return right === undefined || may(right)
  })
}
