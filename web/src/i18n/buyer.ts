import * as account from './buyer-account'
import * as forming from './buyer-forming'
import * as money from './buyer-money'
import * as orders from './buyer-orders'
import * as proxy from './buyer-proxy'
import * as sale from './buyer-sale'
import * as spots from './spots'

/** Words of the buyer's pages, from one file per area. */
export const zh = {
  ...account.zh,
  ...orders.zh,
  ...sale.zh,
  ...money.zh,
  ...proxy.zh,
  ...forming.zh,
  ...spots.zh,
} as const

export const en: Record<keyof typeof zh, string> = {
  ...account.en,
  ...orders.en,
  ...sale.en,
  ...money.en,
  ...proxy.en,
  ...forming.en,
  ...spots.en,
}
