import { ref } from 'vue'

import { readStored, writeStored } from '@/platform/storage'

export type Role = 'buyer' | 'leader'

/** Which side a person who buys and sells looks at, in 订单 and 消息; remembered on the phone. */
export const role = ref<Role>(readStored('role') === 'leader' ? 'leader' : 'buyer')

/** Changes the side and remembers it. */
export function setRole(next: Role): void {
  role.value = next
  writeStored('role', next)
}

/** A leader who never chose a side begins at the one they work on. */
export function startAs(isLeader: boolean): void {
  if (readStored('role') === undefined) role.value = isLeader ? 'leader' : 'buyer'
}
