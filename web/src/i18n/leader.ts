/** Words of the leader's pages. Keys start with `leader.`; `en` must have exactly the keys of `zh`. */
export const zh = {
  'leader.title': '团长',
} as const

export const en: Record<keyof typeof zh, string> = {
  'leader.title': 'Leader',
}
