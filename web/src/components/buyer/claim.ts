import type { AfterSaleOptions } from '@/api/types'

export type ClaimableLine = AfterSaleOptions['lines'][number]

/** The most that can be asked back for `quantity` pieces of a line, in fen: their share of goods and freight, rounded down. */
export function mostFor(line: ClaimableLine, quantity: number): number {
  if (quantity <= 0 || line.quantity_left <= 0) return 0
  if (quantity >= line.quantity_left) return line.goods_left_fen + line.freight_left_fen
  return Math.floor((line.goods_left_fen * quantity) / line.quantity_left) + Math.floor((line.freight_left_fen * quantity) / line.quantity_left)
}

/** The most for everything chosen (line id → pieces), in fen. */
export function mostForAll(lines: readonly ClaimableLine[], chosen: Readonly<Record<string, number>>): number {
  return lines.reduce((sum, line) => sum + mostFor(line, chosen[line.order_line_id] ?? 0), 0)
}
