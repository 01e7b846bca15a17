import { isMessageKey, t } from '@/i18n'
import { either } from '@/i18n/either'

type Tone = 'neutral' | 'green' | 'amber' | 'red' | 'blue'

interface Seen {
  readonly state: string
  readonly state_en?: string
  readonly status?: string
  readonly withdrawn?: boolean
  readonly alarm?: string
}

/** Where a parcel is, in the language in use; the server's own words where only it knows. */
export function parcelLabel(parcel: Seen): string {
  const key = `parcel.${parcel.withdrawn ? 'withdrawn' : parcel.status}`
  return isMessageKey(key) ? t(key) : either(parcel.state, parcel.state_en)
}

export function parcelTone(parcel: Seen): Tone {
  if (parcel.withdrawn) return 'neutral'
  if (parcel.status === 'signed') return 'green'
  if (parcel.status === 'exception' || parcel.status === 'returned') return 'red'
  return parcel.status === 'at_station' ? 'amber' : 'blue'
}

/** What the leader should look at; empty when all is well. */
export function parcelAlarm(parcel: Seen): string {
  const key = `parcel.alarm.${parcel.alarm ?? ''}`
  return !parcel.withdrawn && isMessageKey(key) ? t(key) : ''
}
