import { t, type MessageKey } from '@/i18n'

const NAMES: Readonly<Record<string, MessageKey>> = {
  labels: 'leader.stale.labels',
  bags: 'leader.stale.bags',
  sheet: 'leader.stale.sheet',
  export: 'leader.stale.export',
}

/** What left the shop with an address on it; a kind of a newer server reads as a sheet. */
export function paperName(kind: string): string {
  return t(NAMES[kind] ?? 'leader.stale.sheet')
}
