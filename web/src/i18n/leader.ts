import * as again from './leader-again'
import * as allowance from './leader-allowance'
import * as apply4 from './leader-apply4'
import * as batch from './leader-batch'
import * as compliance from './leader-compliance'
import * as desk from './leader-desk'
import * as forming from './leader-forming'
import * as gate from './leader-gate'
import * as goods from './leader-goods'
import * as goodsIn from './leader-goods-import'
import * as hosts from './leader-hosts'
import * as imports from './leader-import'
import * as jielong from './leader-jielong'
import * as limits from './leader-limits'
import * as members from './leader-members'
import * as money from './leader-money'
import * as orders from './leader-orders'
import * as paste from './leader-paste'
import * as payments from './leader-payments'
import * as picking from './leader-picking'
import * as proxy from './leader-proxy'
import * as remind from './leader-remind'
import * as ship from './leader-ship'
import * as shop from './leader-shop'
import * as splits from './leader-splits'
import * as staff from './leader-staff'
import * as statement from './leader-statement'
import * as wide from './leader-wide'

/** Words of the leader's pages, by area. Keys start with `leader.`; each `en` has exactly the keys of its `zh`. */
export const zh = {
  ...again.zh,
  ...shop.zh,
  ...gate.zh,
  ...hosts.zh,
  ...goods.zh,
  ...goodsIn.zh,
  ...compliance.zh,
  ...money.zh,
  ...orders.zh,
  ...jielong.zh,
  ...proxy.zh,
  ...limits.zh,
  ...payments.zh,
  ...picking.zh,
  ...allowance.zh,
  ...apply4.zh,
  ...batch.zh,
  ...desk.zh,
  ...forming.zh,
  ...gate.zh,
  ...goods.zh,
  ...hosts.zh,
  ...compliance.zh,
  ...goodsIn.zh,
  ...imports.zh,
  ...jielong.zh,
  ...limits.zh,
  ...members.zh,
  ...money.zh,
  ...orders.zh,
  ...paste.zh,
  ...payments.zh,
  ...picking.zh,
  ...proxy.zh,
  ...remind.zh,
  ...ship.zh,
  ...shop.zh,
  ...splits.zh,
  ...staff.zh,
  ...statement.zh,
  ...wide.zh,
} as const

export const en: Record<keyof typeof zh, string> = {
  ...again.en,
  ...shop.en,
  ...gate.en,
  ...hosts.en,
  ...goods.en,
  ...goodsIn.en,
  ...compliance.en,
  ...money.en,
  ...orders.en,
  ...jielong.en,
  ...proxy.en,
  ...limits.en,
  ...payments.en,
  ...picking.en,
  ...allowance.en,
  ...apply4.en,
  ...batch.en,
  ...desk.en,
  ...forming.en,
  ...gate.en,
  ...goods.en,
  ...hosts.en,
  ...compliance.en,
  ...goodsIn.en,
  ...imports.en,
  ...jielong.en,
  ...limits.en,
  ...members.en,
  ...money.en,
  ...orders.en,
  ...paste.en,
  ...payments.en,
  ...picking.en,
  ...proxy.en,
  ...remind.en,
  ...ship.en,
  ...shop.en,
  ...splits.en,
  ...staff.en,
  ...statement.en,
  ...wide.en,
}
