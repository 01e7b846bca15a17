import type { Tone } from './types'

const TONES: Readonly<Record<string, Tone>> = {
  requested: 'amber',
  offered: 'blue',
  awaiting_return: 'blue',
  returning: 'amber',
  agreed: 'blue',
  refunded: 'green',
  refused: 'neutral',
  escalated: 'red',
  withdrawn: 'neutral',
  closed: 'neutral',
}

/** Colour of a case's state: amber where the leader is awaited, red where the operator was called. */
export function caseTone(state: string): Tone {
  return TONES[state] ?? 'neutral'
}
