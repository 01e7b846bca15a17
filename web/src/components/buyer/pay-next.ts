let waiting = ''

/** Says that the pay page should start paying this order by itself, once: coming back from a cashier must not start again. */
export function payNext(orderId: string): void {
  waiting = orderId
}

/** True once for the order that `payNext` named. */
export function takePayNext(orderId: string): boolean {
  const hit = waiting === orderId
  if (hit) waiting = ''
  return hit
}
