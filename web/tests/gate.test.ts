import { createHash } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import { findAt, handedHere, makeIndex, newKey, passCode, passOf, sha256, type Act, type GateList } from '@/components/leader/gate'

const digest = (code: string): string => createHash('sha256').update(`pepper:${code}`).digest('hex').slice(0, 4)

function row(n: number, more: object) {
  return { id: String(1000 + n), n, name: '陈阿姨', t: '0015', i: 'CAY', room: '2-1-1201', c: digest(`1234567${n}`), s: 'waiting', lines: [], ...more }
}

const list = {
  salt: 'pepper',
  orders: [row(1, {}), row(2, { name: '王秀英', i: 'WXY', t: '1201', room: '4-404' }), row(3, { s: 'done', name: '孙浩', i: 'SH', room: '12-01', t: '9999' })],
} as unknown as GateList

const found = (typed: string): number[] => findAt(makeIndex(list), typed).map((one) => one.n)

describe('the short digest of a code', () => {
  it.each(['', 'a', 'salt:12345678', 'x'.repeat(55)])('is SHA-256: %s', (text) => {
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
  })
})

describe('the pass of a friend', () => {
  const passes = [{ s: 'pepper', d: digest('012345678'), f: '李*姨', day: '2026-05-12', o: ['1003', '1001', '9999'] }]
  const index = makeIndex({ ...list, passes })

  it.each(['012345678', '012 345 678', 'yantuan:pass:012345678'])('finds its orders: %s', (typed) => {
    expect(findAt(index, typed).map((one) => one.n)).toEqual([3, 1])
    expect(passOf(index, passCode(typed))?.f).toBe('李*姨')
  })

  it.each(['123456789', '01234567', '0123456789', 'yantuan:pickup:1001:12345671'])('is not %s', (typed) => {
    expect(passOf(index, passCode(typed))).toBeUndefined()
  })

  it('is unknown to a list of before', () => {
    expect(findAt(makeIndex(list), '012345678')).toEqual([])
  })
})

describe('finding somebody at the gate', () => {
  it.each([
    ['#2', [2]],
    ['2', [2]],
    ['1201', [1, 2]],
    ['2-1-1201', [1]],
    ['2号楼1201室', [1]],
    ['0015', [1]],
    ['cay', [1]],
    ['秀英', [2]],
    ['12345672', [2]],
    ['yantuan:pickup:1001:12345671', [1]],
    ['yantuan:pickup:1002:12345671', []],
    ['没有这个人', []],
    ['   ', []],
  ])('%s', (typed, numbers) => {
    expect(found(typed)).toEqual(numbers)
  })

  it('shows those who wait before those who are done', () => {
    const both = { ...list, orders: [row(1, { s: 'done' }), row(2, {})] } as unknown as GateList
    expect(findAt(makeIndex(both), 'cay').map((one) => one.n)).toEqual([2, 1])
  })
})

describe('what this phone handed out', () => {
  const act = (key: string, more: Partial<Act>): Act => ({ key, order: '1', number: 1, kind: 'hand_out', pieces: { 7: 2 }, undoes: '', at: '', ...more })

  it('counts an act once, as the server booked it where it has answered', () => {
    const answered = { outcome: 'part', booked: { 7: 1 } } as unknown as NonNullable<Act['answer']>
    expect(handedHere([act('a', {}), act('b', { answer: answered })]).get('7')).toBe(3)
  })

  it('forgets what was taken back', () => {
    expect(handedHere([act('a', {}), act('b', { kind: 'undo', undoes: 'a' })]).size).toBe(0)
  })
})

it('makes keys nobody made before', () => {
  expect(new Set(Array.from({ length: 500 }, newKey)).size).toBe(500)
})
