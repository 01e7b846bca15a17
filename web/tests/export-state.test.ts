import { describe, expect, it } from 'vitest'

import { exportTone, isActive, percent, sizeText } from '@/components/leader/export-state'
import type { OrderExport } from '@/components/leader/types'

function one(part: Partial<OrderExport>): OrderExport {
  return {
    id: '1', state: 'running', tab: 'all', view: 'lines', group_buy_id: null, orders_total: 200, orders_done: 0, size: 0, error: '',
    created_at: '2026-11-22T10:00:00Z', expires_at: null, ...part,
  }
}

describe('an export of orders', () => {
  it('is asked for again only while the server works on it', () => {
    for (const state of ['waiting_approval', 'queued', 'running']) expect(isActive(one({ state }))).toBe(true)
    for (const state of ['done', 'failed', 'rejected', 'expired']) expect(isActive(one({ state }))).toBe(false)
  })

  it('says 100 percent only when it is done, however many orders came later', () => {
    expect(percent(one({ orders_done: 50 }))).toBe(25)
    expect(percent(one({ orders_done: 205 }))).toBe(99)
    expect(percent(one({ orders_total: 0 }))).toBe(0)
    expect(percent(one({ state: 'done', orders_done: 199 }))).toBe(100)
  })

  it('colours what is ready, what waits and what went wrong', () => {
    expect([exportTone('done'), exportTone('queued'), exportTone('failed'), exportTone('expired')]).toEqual(['green', 'amber', 'red', 'neutral'])
  })

  it('tells the size in words', () => {
    expect([sizeText(10), sizeText(900_000), sizeText(1_500_000)]).toEqual(['1 KB', '879 KB', '1.4 MB'])
  })
})
