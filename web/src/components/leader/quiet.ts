/** Minutes after midnight, every half hour of a day. */
export const HALF_HOURS: readonly number[] = Array.from({ length: 48 }, (_, place) => place * 30)

/** `22:30` of minutes after midnight. */
export function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
