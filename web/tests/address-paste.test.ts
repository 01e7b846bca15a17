import { describe, expect, it } from 'vitest'

import { fillFrom, knownHomes, type AddressRead, type Parts } from '@/components/buyer/address-paste'

const EMPTY: Parts = { name: '', phone: '', province: '', city: '', district: '', detail: '', building: '', unit: '', room: '' }
const READ: AddressRead = {
  ...EMPTY,
  name: '张伟',
  phone: '13800138000',
  province: '浙江省',
  city: '杭州市',
  district: '余杭区',
  detail: '文一西路1500号',
  building: '6幢',
  room: '301',
  phone_not_taken: '',
  note: '',
  missing: [],
  guessed: ['province', 'city', 'building', 'room'],
}

describe('a pasted address', () => {
  it('fills an empty form and names what was worked out', () => {
    const filled = fillFrom(READ, EMPTY, {})
    expect({ ...EMPTY, ...filled.changes }).toMatchObject({ name: '张伟', city: '杭州市', detail: '文一西路1500号', unit: '' })
    expect(filled.guessed).toEqual(['province', 'city', 'building', 'room'])
    expect(filled.conflicts).toEqual([])
  })

  it('never overwrites what was typed, and says where it differs', () => {
    const filled = fillFrom(READ, { ...EMPTY, name: '李娜', phone: ' 13800138000 ', city: '宁波市' }, {})
    expect(filled.changes).not.toHaveProperty('name')
    expect(filled.changes).not.toHaveProperty('phone')
    expect(filled.changes).not.toHaveProperty('city')
    expect(filled.conflicts).toEqual([{ part: 'name', value: '张伟' }, { part: 'city', value: '杭州市' }])
    expect(filled.guessed).toEqual(['province', 'building', 'room'])
  })

  it('replaces what an earlier paste filled, unless it was changed by hand', () => {
    const pasted = { name: '王五', detail: '旧路1号' }
    const filled = fillFrom(READ, { ...EMPTY, name: '王五', detail: '旧路1号后门' }, pasted)
    expect(filled.changes.name).toBe('张伟')
    expect(filled.conflicts).toEqual([{ part: 'detail', value: '文一西路1500号' }])
  })

  it('leaves alone what was typed and the text does not say', () => {
    const filled = fillFrom({ ...READ, name: '' }, { ...EMPTY, name: '李娜' }, {})
    expect([filled.conflicts, filled.changes.name]).toEqual([[], undefined])
  })

  it('never mixes two addresses: what the text before filled goes where this one is silent', () => {
    const first = { ...EMPTY, ...fillFrom(READ, EMPTY, {}).changes }
    const second = { ...READ, phone: '', province: '', city: '', district: '朝阳区', detail: '人民路15号', building: '', room: '', guessed: [] }
    const form = { ...first, ...fillFrom(second, first, first).changes }
    expect(form).toEqual({ ...EMPTY, name: '张伟', district: '朝阳区', detail: '人民路15号' })
  })
})

describe('homes used before', () => {
  const home = (id: string, building: string, room: string, detail = '阳光小区') => ({ ...EMPTY, id, city: '杭州市', detail, building, room })

  it('are those of the same estate, each once, without the one typed', () => {
    const saved = [home('1', '3栋', '501'), home('2', '3栋', '501'), home('3', '5栋', '101'), home('4', '9栋', '1', '别的小区'), home('5', '', '')]
    const form = { ...EMPTY, city: '杭州市', detail: '阳光小区' }
    expect(knownHomes(saved, form, '').map((one) => one.id)).toEqual(['1', '3'])
    expect(knownHomes(saved, { ...form, building: '3栋', room: '501' }, '').map((one) => one.id)).toEqual(['3'])
    expect(knownHomes(saved, form, '3').map((one) => one.id)).toEqual(['1'])
    expect(knownHomes(saved, { ...form, detail: '阳' }, '')).toEqual([])
  })
})
