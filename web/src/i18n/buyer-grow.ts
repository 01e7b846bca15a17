/** Words of orders that change and grow. */
export const zh = {
  'buyer.move.title': '修改收货信息',
  'buyer.move.open': '修改收货地址',
  'buyer.move.openPickup': '修改自提信息',
  'buyer.move.together': '同一个包裹里有 {n} 个订单，会一起改。',
  'buyer.move.reveal': '查看现在的收货信息并填入',
  'buyer.move.revealHint': '每次查看都会记录。也可以直接粘贴或填写新的信息。',
  'buyer.move.fromBook': '从我的地址里选',
  'buyer.move.freightTitle': '运费会不同',
  'buyer.move.freightText': '{why}。仍要修改的话，差额由你承担，不补收也不退。',
  'buyer.move.bear': '仍然修改',
  'buyer.move.done': '已修改',
  'buyer.move.back': '返回订单',
  'buyer.move.save': '确认修改',
  'buyer.move.staleTag': '导出后改过地址',
} as const

export const en: Record<keyof typeof zh, string> = {
  'buyer.move.title': 'Change the recipient',
  'buyer.move.open': 'Change the address',
  'buyer.move.openPickup': 'Change the pick-up',
  'buyer.move.together': '{n} orders share this parcel and move together.',
  'buyer.move.reveal': 'Look at the present recipient and fill it in',
  'buyer.move.revealHint': 'Every look is kept on record. You may also paste or type the new one.',
  'buyer.move.fromBook': 'Choose from my addresses',
  'buyer.move.freightTitle': 'Freight differs',
  'buyer.move.freightText': '{why} If you go on you bear the difference: nothing is asked for or given back.',
  'buyer.move.bear': 'Change anyway',
  'buyer.move.done': 'Changed',
  'buyer.move.back': 'Back to the order',
  'buyer.move.save': 'Change',
  'buyer.move.staleTag': 'Address changed after printing',
}
