import type { OrderLine } from './types'

/** Pieces by order line id. */
export type Pieces = Readonly<Record<string, number>>

/** A line of which up to `most` pieces can be chosen. */
export interface PieceLine {
  readonly id: string
  readonly title: string
  readonly skuName: string
  readonly pictureUrl: string
  readonly most: number
}

function lines(order: readonly OrderLine[], left: (line: OrderLine) => number): PieceLine[] {
  return order
    .map((line) => ({ id: line.id, title: line.title, skuName: line.sku_name, pictureUrl: line.picture_url, most: left(line) }))
    .filter((line) => line.most > 0)
}

/** What can still be shipped. */
export function toShip(order: readonly OrderLine[]): PieceLine[] {
  return lines(order, (line) => line.quantity - line.shipped_quantity - line.refunded_quantity)
}

/** What can still be handed out. */
export function toHandOut(order: readonly OrderLine[]): PieceLine[] {
  return lines(order, (line) => line.quantity - line.picked_quantity - line.refunded_quantity)
}

/** What can still be given money back for. */
export function toRefund(order: readonly OrderLine[]): PieceLine[] {
  return lines(order, (line) => line.quantity - line.refunded_quantity)
}

/** Every piece of every line. */
export function allPieces(from: readonly PieceLine[]): Pieces {
  return Object.fromEntries(from.map((line) => [line.id, line.most]))
}

/** Number of chosen pieces. */
export function countPieces(pieces: Pieces): number {
  return Object.values(pieces).reduce((sum, count) => sum + count, 0)
}

/** The body's lines; empty when everything is meant, which the server takes as "all that is left". */
export function pieceBody(from: readonly PieceLine[], pieces: Pieces): { order_line_id: string; quantity: number }[] {
  const whole = from.every((line) => pieces[line.id] === line.most)
  if (whole) return []
  return from.flatMap((line) => (pieces[line.id] ? [{ order_line_id: line.id, quantity: pieces[line.id] ?? 0 }] : []))
}
