// What must outlive the page and is too large for preferences: the gate's list and what it has not sent yet.

// #ifdef H5
function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open('yt-gate', 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore('kept')
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error ?? new Error('storage closed'))
  })
}

async function transact<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await opened()
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = db.transaction('kept', mode)
      const asked = work(transaction.objectStore('kept'))
      // Not before it is on disk: what was handed out must survive a flat battery.
      transaction.oncomplete = () => resolve(asked.result)
      transaction.onabort = () => reject(transaction.error ?? new Error('storage full'))
    })
  } finally {
    db.close()
  }
}
// #endif

/** What was kept under a name; undefined when there is nothing. Rejects where the phone keeps nothing at all. */
export async function kept<T>(name: string): Promise<T | undefined> {
  let text: unknown
  // #ifdef H5
  text = await transact('readonly', (store) => store.get(name) as IDBRequest<unknown>)
  // #endif
  // #ifndef H5
  text = await Promise.resolve(uni.getStorageSync(`yt.gate.${name}`) as unknown)
  // #endif
  return typeof text === 'string' && text ? (JSON.parse(text) as T) : undefined
}

/** Keeps a value; resolved once it is safe. Rejects when the phone is full or keeps nothing. */
export async function keep(name: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value)
  // #ifdef H5
  await transact('readwrite', (store) => store.put(text, name))
  // #endif
  // #ifndef H5
  await Promise.resolve(uni.setStorageSync(`yt.gate.${name}`, text))
  // #endif
}

/** Makes the gate's page open without a line (browsers only): its files, its document and these pictures stay on the phone. */
export async function keepPage(pictures: readonly string[]): Promise<void> {
  // #ifdef H5
  if (!('serviceWorker' in navigator)) return
  const link = document.createElement('link')
  link.rel = 'manifest'
  link.href = '/gate.webmanifest'
  if (!document.querySelector('link[rel=manifest]')) document.head.append(link)
  const made = await navigator.serviceWorker.register('/gate-sw.js', { scope: '/leader/gate/' })
  const worker = made.active ?? made.waiting ?? made.installing
  const loaded = performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)
  const files = loaded.filter((path) => /^\/(assets|static)\//.test(path))
  worker?.postMessage({ keep: ['/leader/gate/index', ...new Set([...files, ...pictures])] })
  // #endif
  await Promise.resolve(pictures.length)
}
