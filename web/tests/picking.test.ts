import { describe, expect, it } from 'vitest'

import { MOST_BAGS, printPath, printTrouble, type PrintWish } from '@/components/leader/picking'

const wish = (changes: Partial<PrintWish> = {}): PrintWish => ({ what: 'labels', size: '60x40', place: '', first: '', last: '', ...changes })

describe('printTrouble', () => {
  it.each([
    [wish(), 10, ''],
    [wish({ first: '3', last: '3' }), 10, ''],
    [wish({ first: '4', last: '3' }), 10, 'numbers'],
    [wish({ first: '0' }), 10, 'numbers'],
    [wish({ last: '1e3' }), 10, 'numbers'],
    [wish(), MOST_BAGS + 1, 'many'],
    [wish({ first: '1', last: '100' }), MOST_BAGS + 1, ''],
    [wish({ first: '1' }), MOST_BAGS + 1, 'many'],
    [wish({ what: 'goods' }), MOST_BAGS + 1, ''],
  ] as const)('of %o with %i bags is %s', (one, bags, trouble) => {
    expect(printTrouble(one, bags)).toBe(trouble)
  })
})

describe('printPath', () => {
  it('names only what was chosen', () => {
    expect(printPath('7', 'left', wish())).toBe('/api/leader/group-buys/7/picking.pdf?scope=left&what=labels&size=60x40')
    expect(printPath('7', 'all', wish({ place: '0', first: '1', last: '20' }))).toBe(
      '/api/leader/group-buys/7/picking.pdf?scope=all&what=labels&size=60x40&place=0&first=1&last=20',
    )
  })

  it('prints lists on A4 whatever label was chosen before', () => {
    expect(printPath('7', 'left', wish({ what: 'bags', size: '76x130' }))).toBe('/api/leader/group-buys/7/picking.pdf?scope=left&what=bags&size=a4')
  })
})
