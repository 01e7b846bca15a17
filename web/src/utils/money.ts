const FEN_PER_YUAN = 100

/** `3990` → `39.90`. Fen are whole; anything else is a programming error and throws. */
export function fenToYuan(fen: number): string {
  if (!Number.isSafeInteger(fen)) throw new RangeError(`not whole fen: ${String(fen)}`)
  const size = Math.abs(fen)
  const yuan = Math.floor(size / FEN_PER_YUAN)
  const rest = String(size % FEN_PER_YUAN).padStart(2, '0')
  return `${fen < 0 ? '-' : ''}${yuan}.${rest}`
}

/** `3990` → `¥39.90`, `-100` → `-¥1.00`. */
export function formatFen(fen: number): string {
  const text = fenToYuan(fen)
  return text.startsWith('-') ? `-¥${text.slice(1)}` : `¥${text}`
}

/** `¥39.90` or `¥39.90 – ¥59.00` when the two differ. */
export function formatFenRange(minFen: number, maxFen: number): string {
  return minFen === maxFen ? formatFen(minFen) : `${formatFen(minFen)} – ${formatFen(maxFen)}`
}

/**
 * What a person typed as yuan → fen, without floating point: `39.9` → `3990`.
 * Returns null when it is not an amount with at most two decimals (also for negative input).
 */
export function yuanToFen(text: string): number | null {
  const match = /^(\d{1,10})(?:[.。](\d{0,2}))?$/.exec(text.trim().replace(/^[¥￥]/, ''))
  if (!match) return null
  const fen = Number(match[1]) * FEN_PER_YUAN + Number((match[2] ?? '').padEnd(2, '0'))
  return Number.isSafeInteger(fen) ? fen : null
}
