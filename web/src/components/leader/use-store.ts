import { onLoad, onShow } from '@dcloudio/uni-app'
import { computed, ref, type ComputedRef, type Ref } from 'vue'

import { useSession } from '@/stores/session'

/** Query of the page's address. */
export type PageQuery = Readonly<Record<string, string | undefined>>

/**
 * Runs `load` with the leader's store as soon as it is known. With `again` also each time the page is shown,
 * for lists that another page may have changed. Without a store it does not run, unless `needStore` is false:
 * `LeaderGate` says what is missing.
 */
export function useStorePage(load: (storeId: string, query: PageQuery) => void, again = false, needStore = true): { query: Ref<PageQuery> } {
  const session = useSession()
  const query = ref<PageQuery>({})
  let ran = false
  onLoad((given) => {
    query.value = (given ?? {}) as PageQuery
  })
  onShow(() => {
    if (ran && !again) return
    void session.ensure().then(() => {
      if ((needStore && !session.storeId.value) || !session.isLeader.value) return
      ran = true
      load(session.storeId.value, query.value)
    })
  })
  return { query }
}

/** Whether this person stands inside the gate, so that a page may offer its main action. */
export function useGateOpen(needStore = true): ComputedRef<boolean> {
  const session = useSession()
  return computed(() => session.isLeader.value && (!needStore || session.storeId.value !== ''))
}
