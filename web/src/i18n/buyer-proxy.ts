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
  'buyer.proxy.sum': '合计',
  'buyer.proxy.mine': '这是我的订单',
  'buyer.proxy.mineHint': '认领后可以在自己的订单里看进度、取货码，也可以申请售后',
  'buyer.proxy.mineAsk': '认领后，这单和跟团号归到你的账号，付款链接失效。确认是你的订单吗？',
  'buyer.proxy.claimed': '认领成功',
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
  'buyer.proxy.sum': 'Total',
  'buyer.proxy.mine': 'This is my order',
  'buyer.proxy.mineHint': 'Claim it to follow it among your own orders, with its pick-up code and after-sales',
  'buyer.proxy.mineAsk': 'The order and its number become yours and this link ends. Is it really your order?',
  'buyer.proxy.claimed': 'It is yours now',
}
