import { afterEach, describe, expect, it } from 'vitest'

import { agreedRows, importTone, isWorking, ofWeight, problemTexts, progress, shiftText, stateText } from '@/components/leader/import-state'
import type { ImportRow, ShipImport } from '@/components/leader/types'
import { locale } from '@/i18n'
import '@/i18n/leader-words'

function batch(part: Partial<ShipImport>): ShipImport {
  return {
    id: '1', store_id: '2', state: 'preview', state_label: '待确认', again: false, title: 'a.xlsx', sheet: '', headings: {}, carrier: '', rows: 9,
    ready: 4, doubtful: 3, wrong: 1, unchanged: 1, results: {}, problems: [], doubts: [], shifts: [], accepted: [], error: null,
    created_at: '2026-11-23T08:00:00Z', confirmed_at: null, done_at: null, undone_at: null, ...part,
  }
}

function row(code: string, data: Record<string, unknown>): ImportRow {
  return {
    row: 3, order_id: '1', number: 7, said: '', carrier_name: '圆通速递', tracking_no: 'YT1', action: 'ship', severity: 'confirm',
    problems: [{ code, weight: 'confirm', text: '收件人和订单不一致', text_en: 'The recipient differs', data }], result: '', refusal: '',
    refusal_text: '', refusal_text_en: '',
  }
}

afterEach(() => {
  locale.value = 'zh'
})

describe('a sheet of tracking numbers', () => {
  it('is asked for again only while the server works on it', () => {
    for (const state of ['reading', 'booking', 'undoing']) expect(isWorking({ state })).toBe(true)
    for (const state of ['preview', 'booked', 'undone', 'refused', 'discarded']) expect(isWorking({ state })).toBe(false)
    expect([importTone('booked'), importTone('refused'), importTone('preview'), importTone('undone')]).toEqual(['green', 'red', 'amber', 'neutral'])
  })

  it('ships a doubtful row only when all its doubts are agreed to', () => {
    const one = { ready: 4, doubts: [{ codes: ['name_mismatch'], rows: 2 }, { codes: ['carrier_doubtful', 'name_mismatch'], rows: 1 }] }
    expect(agreedRows(one, new Set())).toBe(4)
    expect(agreedRows(one, new Set(['name_mismatch']))).toBe(6)
    expect(agreedRows(one, new Set(['carrier_doubtful']))).toBe(4)
    expect(agreedRows(one, new Set(['carrier_doubtful', 'name_mismatch']))).toBe(7)
  })

  it('counts what is done of what is to be done', () => {
    expect(progress(batch({ state: 'booking', results: { booked: 3, waiting: 5, refused: 1, skipped: 2 } }))).toEqual([4, 9])
    expect(progress(batch({ state: 'undoing', results: { booked: 3, undone: 5, kept: 1, same: 2 } }))).toEqual([6, 9])
  })

  it('says in both languages what slipped and what is wrong', () => {
    expect(shiftText({ first: 12, last: 40, offset: -1 })).toContain('第 12 到 40 行错行了：收件人属于往上第 1 行')
    expect(shiftText({ first: 12, last: 40, offset: 2 })).toContain('往下第 2 行')
    expect(problemTexts(row('name_mismatch', { sheet: '张*', order: '李*' }), false)).toEqual(['收件人和订单不一致 · 表里 张*，订单 李*'])
    expect(problemTexts(row('number_used_here', { row: 9 }), false)[0]).toContain('见第 9 行')
    expect(problemTexts(row('same', {}), false)).toEqual(['收件人和订单不一致'])
    locale.value = 'en'
    expect(problemTexts(row('carrier_doubtful', { name: '中通', looks_like: '圆通速递' }), true)).toEqual(['The recipient differs · looks like 圆通速递'])
    expect(stateText('booked')).toBe('Shipped')
  })

  it('sorts its problems by weight', () => {
    const one = batch({
      problems: [
        { code: 'order_unknown', weight: 'error', text: 'a', text_en: 'a', rows: 1 },
        { code: 'name_mismatch', weight: 'confirm', text: 'b', text_en: 'b', rows: 2 },
      ],
    })
    expect(ofWeight(one, 'confirm').map((problem) => problem.code)).toEqual(['name_mismatch'])
  })
})
