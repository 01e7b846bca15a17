/** Words of the buyer's pages. Keys start with `buyer.`; `en` must have exactly the keys of `zh`. */
export const zh = {
  'buyer.title': '团员',
} as const

export const en: Record<keyof typeof zh, string> = {
  'buyer.title': 'Member',
}
