import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

export interface Load<T> {
  readonly data: ShallowRef<T | undefined>
  readonly error: Ref<unknown>
  readonly loading: Ref<boolean>
  /** Loads (again). Never throws: the failure is in `error`. Old data stays visible while new data comes. */
  run(): Promise<void>
}

/** One thing a page shows: data, error for YtError, loading for YtSkeleton. A newer call always wins over a slower older one. */
export function useLoad<T>(fetch: () => Promise<T>): Load<T> {
  const data = shallowRef<T>()
  const error = ref<unknown>()
  const loading = ref(false)
  let turn = 0
  return {
    data,
    error,
    loading,
    async run() {
      turn += 1
      const mine = turn
      loading.value = true
      try {
        const value = await fetch()
        if (mine !== turn) return
        data.value = value
        error.value = undefined
      } catch (cause) {
        if (mine === turn) error.value = cause
      } finally {
        if (mine === turn) loading.value = false
      }
    },
  }
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Cursor of the next page; empty or null at the end. */
  readonly next?: string | null
}

export interface List<T> {
  readonly items: ShallowRef<readonly T[]>
  readonly error: Ref<unknown>
  readonly loading: Ref<boolean>
  /** True once the last page is here. */
  readonly done: Ref<boolean>
  /** True when the server answered and there is nothing. */
  readonly empty: Ref<boolean>
  /** Starts over, for example after a filter changed. */
  reload(): Promise<void>
  /** Fetches the next page; does nothing while one is on its way or at the end. */
  more(): Promise<void>
}

/** A keyset-paged list: first page, more on reaching the bottom, start over on a new filter. */
export function useList<T>(fetchPage: (cursor: string) => Promise<Page<T>>): List<T> {
  const items = shallowRef<readonly T[]>([])
  const error = ref<unknown>()
  const loading = ref(false)
  const done = ref(false)
  const empty = ref(false)
  let cursor = ''
  let turn = 0

  async function load(first: boolean): Promise<void> {
    turn += 1
    const mine = turn
    loading.value = true
    try {
      const page = await fetchPage(first ? '' : cursor)
      if (mine !== turn) return
      items.value = first ? page.items : [...items.value, ...page.items]
      cursor = page.next ?? ''
      done.value = !cursor
      empty.value = items.value.length === 0
      error.value = undefined
    } catch (cause) {
      if (mine === turn) error.value = cause
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  return {
    items,
    error,
    loading,
    done,
    empty,
    reload: () => load(true),
    more: () => (loading.value || done.value ? Promise.resolve() : load(items.value.length === 0)),
  }
}
