// Keeps the gate's page on the phone, so that it opens where there is no line. Nothing but that page is touched.
const CACHE = 'yt-gate-1'
const PAGE = '/leader/gate/index'
const FILES = /^\/(assets|static|media)\//

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

async function put(address) {
  const cache = await caches.open(CACHE)
  if (address !== PAGE && (await cache.match(address))) return
  const answer = await fetch(address)
  if (answer.ok) await cache.put(address, answer)
}

self.addEventListener('message', (event) => {
  const wanted = (event.data && event.data.keep) || []
  event.waitUntil(Promise.allSettled(wanted.map(put)))
})

async function page(request) {
  const cache = await caches.open(CACHE)
  try {
    const answer = await fetch(request)
    if (answer.ok) await cache.put(PAGE, answer.clone())
    return answer
  } catch (cause) {
    const kept = await cache.match(PAGE)
    if (kept) return kept
    throw cause
  }
}

async function file(request) {
  return (await (await caches.open(CACHE)).match(request.url)) || fetch(request)
}

self.addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url)
  if (event.request.method !== 'GET' || origin !== self.location.origin) return
  if (event.request.mode === 'navigate') event.respondWith(page(event.request))
  else if (FILES.test(pathname)) event.respondWith(file(event.request))
})
