/** Words of opening a past sale once more. */
export const zh = {
  'leader.again.open': '再开一次',
  'leader.again.span': '发布后立即开始，{end} 截止',
  'leader.again.hint': '时长和上次一样，价格、限购、配送照旧；独立库存按上次的总数。改时间或商品请点「去修改」。',
  'leader.again.left': '已归档、没有带过来',
  'leader.again.nothing': '上次的商品都已归档，请先去添加商品。',
  'leader.again.publish': '直接发布',
  'leader.again.edit': '去修改',
  'leader.again.kept': '已存为草稿',
} as const

export const en: Record<keyof typeof zh, string> = {
  'leader.again.open': 'Open again',
  'leader.again.span': 'Opens as soon as published, until {end}',
  'leader.again.hint': 'As long as last time, with the same prices, limits and delivery; stock of its own starts at last time\'s total. Edit to change times or products.',
  'leader.again.left': 'Archived, left out',
  'leader.again.nothing': 'All products of last time are archived; add some first.',
  'leader.again.publish': 'Publish now',
  'leader.again.edit': 'Edit first',
  'leader.again.kept': 'Kept as a draft',
}
