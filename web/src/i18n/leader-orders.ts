/** Words of orders, after-sales, pick-up and sharing on the leader's side. */
export const zh = {
  'leader.orders.title': '订单处理',
} as const

export const en: Record<keyof typeof zh, string> = {
  'leader.orders.title': 'Orders',
}
