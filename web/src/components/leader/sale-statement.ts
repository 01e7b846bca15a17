import type { Answer } from '@/api/http'

/** The money of one sale. */
export type SaleStatement = Answer<'/api/leader/group-buys/{group_buy_id}/statement', 'get'>
export type SaleMethod = SaleStatement['methods'][number]
/** One payment, refund or share behind a figure. */
export type SaleEntry = Answer<'/api/leader/group-buys/{group_buy_id}/statement/{stream}', 'get'>['items'][number]
export type Stream = SaleEntry['stream']
