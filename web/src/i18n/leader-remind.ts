/** Words of asking buyers for a payment. */
export const zh = {
  'leader.remind.one': '提醒付款',
  'leader.remind.many': '提醒这 {n} 单付款',
  'leader.remind.hint': '每单 20 小时内只提醒一次；夜里 22:00 到 8:00 的微信消息早上再发。',
  'leader.remind.ask': '提醒这些买家付款？',
  'leader.remind.wechat': '已提醒',
  'leader.remind.morning': '已提醒，微信消息早上 8 点再发',
  'leader.remind.app': '没有订阅微信消息，打开应用才看得到',
  'leader.remind.reminded_lately': '20 小时内提醒过',
  'leader.remind.order_not_unpaid': '不用付款了',
  'leader.remind.buyer_without_account': '代下的单没有账号，请发付款链接',
  'leader.remind.failed': '没有成功，请再试一次',
  'leader.remind.line': '{n} 单{what}',
} as const

export const en = {
  'leader.remind.one': 'Remind to pay',
  'leader.remind.many': 'Remind these {n} to pay',
  'leader.remind.hint': 'Each order at most once in 20 hours; from 22:00 to 8:00 WeChat messages wait for the morning.',
  'leader.remind.ask': 'Ask these buyers to pay?',
  'leader.remind.wechat': 'reminded',
  'leader.remind.morning': 'reminded; the WeChat message waits until 8:00',
  'leader.remind.app': 'not subscribed to WeChat messages; they see it when they open the app',
  'leader.remind.reminded_lately': 'reminded within 20 hours',
  'leader.remind.order_not_unpaid': 'not waiting for payment any more',
  'leader.remind.buyer_without_account': 'ordered for somebody without an account: send the pay link',
  'leader.remind.failed': 'failed; try again',
  'leader.remind.line': '{n} × {what}',
} as const
