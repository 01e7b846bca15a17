import { describe, expect, it } from 'vitest'

import { doorOf, linksText, missingOf, nameIn, sent, whereOf, wishOf } from '../src/components/leader/proxy'

import type { JielongPerson } from '../src/components/leader/jielong'

function person(changes: Partial<JielongPerson>): JielongPerson {
  return { mark: 'new', name: '王姐', room: '', wanted: [], booked: [], numbers: [], seen: 0, wanted_fen: 0, unpaid_fen: 0, cancelled: false, notes: [], others: [], why: '', ...changes }
}

const two = [{ offer_id: '1', quantity: 2 }]

describe('the door a 接龙 names', () => {
  it('is taken apart where it is one', () => {
    expect(doorOf('3-502')).toEqual({ building: '3号楼', unit: '', room: '502' })
    expect(doorOf('2-2-802')).toEqual({ building: '2号楼', unit: '2单元', room: '802' })
    expect(doorOf('东区-502')).toEqual({ building: '东区', unit: '', room: '502' })
  })
  it('stays together where it is none', () => {
    expect(doorOf('502')).toEqual({ building: '', unit: '', room: '502' })
    expect(doorOf('1-2-3-4')).toEqual({ building: '', unit: '', room: '1-2-3-4' })
    expect(doorOf('3-')).toEqual({ building: '', unit: '', room: '3-' })
  })
})

describe('what can be ordered from a reading', () => {
  it('is all of somebody new and only the difference of somebody known', () => {
    expect(missingOf(person({ wanted: two }))).toEqual(two)
    const known = person({ mark: 'changed', wanted: [...two, { offer_id: '2', quantity: 1 }], booked: [{ offer_id: '1', quantity: 1 }], numbers: [7], seen: 3 })
    expect(missingOf(known)).toEqual([
      { offer_id: '1', quantity: 1 },
      { offer_id: '2', quantity: 1 },
    ])
    expect(wishOf(known, new Map([['1', 100], ['2', 30]]))).toMatchObject({ number: 7, seen: 3, totalFen: 130 })
  })
  it('is nothing where pieces were taken off, or it is not clear whose they are', () => {
    expect(missingOf(person({ mark: 'changed', wanted: two, booked: [{ offer_id: '1', quantity: 3 }], numbers: [7] }))).toBeNull()
    expect(missingOf(person({ mark: 'changed', wanted: two, booked: [{ offer_id: '2', quantity: 1 }], numbers: [7] }))).toBeNull()
    expect(missingOf(person({ mark: 'changed', wanted: two, numbers: [7, 8] }))).toBeNull()
    expect(missingOf(person({ mark: 'unclear', wanted: two }))).toBeNull()
    expect(missingOf(person({ mark: 'vanished', booked: two, numbers: [7] }))).toBeNull()
    expect(missingOf(person({ wanted: two, cancelled: true }))).toBeNull()
    expect(wishOf(person({ wanted: two, name: '' }), new Map())).toBeNull()
  })
  it('is sent in the words of the request', () => {
    const wish = wishOf(person({ wanted: two, room: '3-502', notes: ['周日拿', '轻放'] }), new Map([['1', 500]]))
    expect(wish && sent(wish)).toEqual({ name: '王姐', building: '3号楼', unit: '', room: '502', phone: null,
      recipient: '', place: null, lines: two, remark: '周日拿；轻放', number: 0, seen: 0, paid: false, expected_total_fen: 1000 })
  })
})

describe('the text with all links', () => {
  it('names only who has to pay', () => {
    const row = { name: '王姐', number: 3, total_fen: 7980, payment: 'unpaid', link: 'https://a/b?token=x' }
    expect(linksText('请付款：', [row, { ...row, payment: 'paid' }, { ...row, link: '' }])).toBe('请付款：\n#3 王姐 ¥79.80\nhttps://a/b?token=x')
    expect(linksText('请付款：', [{ ...row, payment: 'paid' }])).toBe('')
  })
})

describe('what a line of the chat and a wish say in short', () => {
  it('the name a line begins with', () => {
    expect(nameIn('3. 犹豫的人 A1-2份')).toBe('犹豫的人')
    expect(nameIn('12、王姐：蓝莓一两份')).toBe('王姐')
    expect(nameIn('来两份吧')).toBe('来两份吧')
    expect(nameIn('')).toBe('')
  })
  it('a whole address once, or only the door', () => {
    const wish = wishOf(person({ wanted: two, room: '3-502' }), new Map())
    expect(wish && whereOf(wish)).toBe('3号楼 502')
    expect(wish && whereOf({ ...wish, place: { province: '上海市', city: '上海市', district: '浦东新区', detail: '枫林路 88 弄' } })).toBe('上海市 浦东新区 枫林路 88 弄 3号楼 502')
  })
})
