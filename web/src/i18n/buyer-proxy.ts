/** Words of the page behind a link to pay. */
export const zh = {
  'buyer.proxy.title': '付款',
  'buyer.proxy.for': '{store} 团长替「{name}」下的单',
  'buyer.proxy.anybody': '拿到链接的人都可以代付。付款后凭跟团号到自提点取货。',
  'buyer.proxy.pickup': '自提点',
  'buyer.proxy.order': '待付款',
  'buyer.proxy.paid': '已付款',
  'buyer.proxy.allPaid': '都付清了，谢谢！',
  'buyer.proxy.offline': '请扫团长的收款码付款，付完告诉团长一声，由团长登记。',
  'buyer.proxy.hold': '为你留货到 {time}',
  'buyer.proxy.gone': '这单已关闭',
} as const

export const en: Record<keyof typeof zh, string> = {
  'buyer.proxy.title': 'Pay',
  'buyer.proxy.for': 'Ordered by the leader of {store} for "{name}"',
  'buyer.proxy.anybody': 'Anybody with this link may pay. The goods are handed out at the pick-up point by the order number.',
  'buyer.proxy.pickup': 'Pick-up point',
  'buyer.proxy.order': 'To pay',
  'buyer.proxy.paid': 'Paid',
  'buyer.proxy.allPaid': 'Everything is paid. Thank you!',
  'buyer.proxy.offline': "Pay with the leader's own code, then tell the leader, who notes it down.",
  'buyer.proxy.hold': 'Held for you until {time}',
  'buyer.proxy.gone': 'This order is closed',
}
