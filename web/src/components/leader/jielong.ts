import type { Answer } from '@/api/http'

/** What a pasted 接龙 says beside the orders of a sale. */
export type JielongRead = Answer<'/api/leader/group-buys/{group_buy_id}/jielong/read', 'post'>
export type JielongPerson = JielongRead['people'][number]
export type Mark = JielongPerson['mark']

/** Characters of one paste; the server refuses more. */
export const MOST_TEXT = 40_000

export const MARKS: readonly Mark[] = ['new', 'changed', 'unclear', 'vanished', 'same']

/** How many people carry each mark. */
export function countMarks(people: readonly JielongPerson[]): Record<Mark, number> {
  const found: Record<Mark, number> = { new: 0, changed: 0, unclear: 0, vanished: 0, same: 0 }
  for (const one of people) found[one.mark] += 1
  return found
}
