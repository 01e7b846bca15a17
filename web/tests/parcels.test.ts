import { afterEach, describe, expect, it } from 'vitest'

import { parcelAlarm, parcelLabel, parcelTone } from '@/components/parcel-words'
import { setLocale } from '@/i18n'

describe('words of parcels', () => {
  afterEach(() => setLocale('zh'))

  it('says where a parcel is, in either language', () => {
    expect(parcelLabel({ state: '派送中', status: 'delivering' })).toBe('派送中')
    setLocale('en')
    expect(parcelLabel({ state: '派送中', status: 'delivering' })).toBe('Out for delivery')
    expect(parcelLabel({ state: '派送中', status: 'delivering', withdrawn: true })).toBe('Withdrawn')
  })

  it('keeps the words of the server where nothing is known', () => {
    expect(parcelLabel({ state: '运输中', status: '' })).toBe('运输中')
    expect(parcelLabel({ state: '运输中' })).toBe('运输中')
    expect(parcelLabel({ state: '未知', status: 'alarm' })).toBe('未知')
  })

  it('is red only in trouble', () => {
    expect(['signed', 'exception', 'returned', 'at_station', 'in_transit', ''].map((status) => parcelTone({ state: '', status }))).toEqual([
      'green',
      'red',
      'red',
      'amber',
      'blue',
      'blue',
    ])
    expect(parcelTone({ state: '', status: 'exception', withdrawn: true })).toBe('neutral')
  })

  it('tells the leader what to look at', () => {
    expect(parcelAlarm({ state: '', alarm: 'silent' })).toContain('两天')
    expect(parcelAlarm({ state: '', alarm: '' })).toBe('')
    expect(parcelAlarm({ state: '', alarm: 'silent', withdrawn: true })).toBe('')
  })
})
