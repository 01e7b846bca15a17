import { describe, expect, it } from 'vitest'

import { fenToYuan, formatFen, formatFenRange, yuanToFen } from '@/utils/money'

describe('money', () => {
  it.each([
    [0, '0.00'],
    [1, '0.01'],
    [10, '0.10'],
    [3990, '39.90'],
    [100_000_000_00, '100000000.00'],
    [-5, '-0.05'],
  ])('writes %i fen as %s', (fen, text) => expect(fenToYuan(fen)).toBe(text))

  it('puts the sign before the currency', () => {
    expect(formatFen(3990)).toBe('¥39.90')
    expect(formatFen(-100)).toBe('-¥1.00')
    expect(formatFenRange(100, 100)).toBe('¥1.00')
    expect(formatFenRange(100, 250)).toBe('¥1.00 – ¥2.50')
  })

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d', (fen) => {
    expect(() => fenToYuan(fen)).toThrow(RangeError)
  })

  it.each([
    ['39.9', 3990],
    ['39.90', 3990],
    ['¥ 12'.replace(' ', ''), 1200],
    ['0.29', 29],
    ['1.', 100],
    [' 8 ', 800],
    ['4.35', 435],
  ])('reads %s as %i fen', (text, fen) => expect(yuanToFen(text)).toBe(fen))

  it.each(['', 'abc', '-1', '1.234', '1e3', '.5', '12345678901', '1,000'])('does not read %j', (text) => {
    expect(yuanToFen(text)).toBeNull()
  })

  it('reads back everything it writes', () => {
    for (let fen = 0; fen < 20_000; fen += 7) expect(yuanToFen(fenToYuan(fen))).toBe(fen)
  })
})
