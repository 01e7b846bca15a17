/** Words of orders whose address was changed after it left on paper. */
export const zh = {
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
