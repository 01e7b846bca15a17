import type { AfterSaleOptions } from '@/api/types'

export type ClaimableLine = AfterSaleOptions['lines'][number]

/** The part of `total` fen that `pieces` of `of` equal pieces carry by largest remainder, as the server splits it. */
export function pieceShare(total: number, pieces: number, of: number): number {
  if (pieces >= of) return total
  return Math.floor(total / of) * pieces + Math.min(total % of, pieces)
}

/**
 * The most that can be asked back for `quantity` pieces of a line, in fen. Once something has left the shop, freight
 * comes back only with all that is left of the line.
 */
export function mostFor(line: ClaimableLine, quantity: number): number {
  if (quantity <= 0 || line.quantity_left <= 0) return 0
  const freight = line.freight_by_piece || quantity >= line.quantity_left ? pieceShare(line.freight_left_fen, quantity, line.quantity_left) : 0
  return pieceShare(line.goods_left_fen, quantity, line.quantity_left) + freight
}

/** What `percent` of the most is, in fen: at least one, never more than all. */
export function partOf(most: number, percent: number): number {
  return Math.min(most, Math.max(1, Math.round((most * percent) / 100)))
}

/** The percentage of the most that `fen` are, 0 to 100. */
export function percentOf(most: number, fen: number): number {
  return most > 0 ? Math.min(100, Math.max(0, Math.round((fen * 100) / most))) : 0
}

/** How many pieces of a line can be claimed: goods that never left the shop can't be sent back. */
export function piecesOf(line: ClaimableLine, kind: 'refund_only' | 'return_refund'): number {
  return kind === 'return_refund' ? Math.min(line.quantity_left, line.quantity_returnable) : line.quantity_left
}

/** The most for everything chosen (line id → pieces), in fen. */
export function mostForAll(lines: readonly ClaimableLine[], chosen: Readonly<Record<string, number>>): number {
  return lines.reduce((sum, line) => sum + mostFor(line, chosen[line.order_line_id] ?? 0), 0)
}
