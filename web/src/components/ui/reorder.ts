/** A copy of `items` with one moved; a target outside the list changes nothing. */
export function moveItem<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items]
  if (to < 0 || to >= next.length || from < 0 || from >= next.length) return next
  const [item] = next.splice(from, 1)
  if (item !== undefined) next.splice(to, 0, item)
  return next
}

/** The place of a finger at (x, y) in a grid of square tiles of `size` px, kept within the list. */
export function slotAt(x: number, y: number, size: number, columns: number, count: number): number {
  const column = Math.min(columns - 1, Math.max(0, Math.floor(x / size)))
  const row = Math.max(0, Math.floor(y / size))
  return Math.min(count - 1, row * columns + column)
}
