/** Words of joining, certification and the store's settings. */
export const zh = {
  'leader.gate.signin': '登录后才能管理你的卖场',
  'leader.gate.signinAction': '去登录',
  'leader.gate.invite': '你还不是团长。有邀请码就可以申请。',
  'leader.gate.inviteAction': '填邀请码',
  'leader.gate.certify': '还差一步：通过认证就能开团',
  'leader.gate.certifyAction': '去认证',
  'leader.gate.store': '还没有卖场，先给它起个名字',
  'leader.gate.storeAction': '创建卖场',
} as const

export const en: Record<keyof typeof zh, string> = {
  'leader.gate.signin': 'Sign in to run your store',
  'leader.gate.signinAction': 'Sign in',
  'leader.gate.invite': 'You are not a leader yet. With an invite code you can apply.',
  'leader.gate.inviteAction': 'Enter code',
  'leader.gate.certify': 'One step left: get certified to open sales',
  'leader.gate.certifyAction': 'Get certified',
  'leader.gate.store': 'No store yet. Give it a name first.',
  'leader.gate.storeAction': 'Create store',
}
