/** Words of orders whose address was changed after it left on paper. */
export const zh = {
  'leader.together.title': '同一个包裹，还有 {n} 个订单',
  'leader.together.hint': '跟团号和收货信息相同，用同一个运单号一起发；不一起发的请取消勾选。',
  'leader.together.row': '{goods}（{n} 件）',
  'leader.stale.labels': '标签',
  'leader.stale.bags': '分拣单',
  'leader.stale.sheet': '分拣表格',
  'leader.stale.export': '订单表格',
  'leader.stale.title': '{paper}已导出，地址后来改了',
  'leader.stale.when': '导出 {printed} · 修改 {changed}',
  'leader.stale.todo': '请重新导出或打印，再发货；重新导出后这条提示会消失。',
  'leader.stale.changeHint': '改完会记在订单动态里，买家会收到消息',
  'leader.stale.list': '{n} 个订单导出后改了地址',
  'leader.stale.listHint': '手里的标签或表格还是旧地址，请重新导出。',
  'leader.stale.row': '{paper}已导出 · {changed} 改了地址',
} as const

export const en: Record<keyof typeof zh, string> = {
  'leader.together.title': '{n} more orders in the same parcel',
  'leader.together.hint': 'Same number and recipient: sent with the same tracking number. Untick what stays.',
  'leader.together.row': '{goods} ({n} pieces)',
  'leader.stale.labels': 'Labels',
  'leader.stale.bags': 'Packing list',
  'leader.stale.sheet': 'Packing sheet',
  'leader.stale.export': 'Order export',
  'leader.stale.title': '{paper} made, the address was changed since',
  'leader.stale.when': 'Made {printed} · changed {changed}',
  'leader.stale.todo': 'Make it again before the goods leave; this line goes away then.',
  'leader.stale.changeHint': 'Kept in the timeline; the buyer is told',
  'leader.stale.list': '{n} orders changed their address after printing',
  'leader.stale.listHint': 'What you have on paper names the old address; make it again.',
  'leader.stale.row': '{paper} made · address changed {changed}',
}
