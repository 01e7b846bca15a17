import { fileURLToPath } from 'node:url'

import type { Plugin } from 'vite'

// A shared card opens on a phone that may be slow: everything here keeps its first page small and cuts its start into short tasks.

const ENTRY = fileURLToPath(new URL('./src/main.ts', import.meta.url))
const FIRST_PAGE = fileURLToPath(new URL('./src/pages/g/index.vue', import.meta.url))

const MOUNT = 'createApp().app.use(__plugin).mount("#app");'
const START = 'const __app = createApp().app.use(__plugin); __turn().then(() => __app.mount("#app"));'

/** The framework's start in two tasks: the router finds the page, then the frame around it is drawn. H5 only. */
export function mountInTurns(): Plugin {
  return {
    name: 'mount-in-turns',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      if (id !== ENTRY) return null
      if (!code.includes(MOUNT)) this.error('uni-app starts the app in another way now: look at it again')
      return { code: `import { turn as __turn } from './utils/turns';${code.replace(MOUNT, START)}`, map: null }
    },
  }
}

const FRAMEWORK = /uni-h5\/dist\/uni-h5\.es\.js$/
const MEASURE = /state2\.orig(?:Width|Height) = rootEl\.client(?:Width|Height) \|\| 0;/g

/**
 * Every picture of the framework asks for its own size as soon as it stands in the page, which makes the browser lay out the page once
 * more each time. Only the modes widthFix and heightFix use the answer, and none of our pictures has one. H5 only.
 */
export function unmeasuredPictures(): Plugin {
  return {
    name: 'unmeasured-pictures',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      if (!FRAMEWORK.test(id.split('?')[0] ?? '')) return null
      if (code.match(MEASURE)?.length !== 2) this.error('uni-app measures its pictures in another way now: look at it again')
      return { code: code.replace(MEASURE, ''), map: null }
    },
  }
}

// What the first page starts with, as files of their own: each is a task of its own when the server's document starts the app in slices
// (src/yantuan/api/first_sight.js), so that a slow phone paints and answers between them.
const SLICES: readonly (readonly [RegExp, string])[] = [
  [/\/node_modules\/(?:@vue\/|@dcloudio\/(?:uni-h5-vue|uni-shared)\/).*js$/, 'vue'],
  [/\/node_modules\/(?:vue-router\/|@dcloudio\/).*js$/, 'uni'],
  [/\/web\/src\/i18n\/(?:common|wechat|buyer[\w-]*)\.ts$/, 'words'],
]

type GraphOf = (id: string) => { importedIds: readonly string[] } | null

/** Everything a module needs before it can run, itself included. */
function needs(start: string, graph: GraphOf): ReadonlySet<string> {
  const found = new Set<string>()
  const waiting = [start]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue
    found.add(id)
    waiting.push(...(graph(id)?.importedIds ?? []))
  }
  return found
}

let firstPage: ReadonlySet<string> | undefined

/**
 * A shared card opens on a phone with a slow line, where forty small files cost more than their bytes: what the first page needs
 * beyond the entry comes as few files with one style sheet.
 */
export function firstPageChunk(id: string, { getModuleInfo }: { getModuleInfo: GraphOf }): string | undefined {
  const slice = SLICES.find(([pattern]) => pattern.test(id))
  if (slice) return slice[1]
  if (!firstPage) {
    const entry = needs(ENTRY, getModuleInfo)
    firstPage = new Set([...needs(FIRST_PAGE, getModuleInfo)].filter((one) => !entry.has(one) && one !== FIRST_PAGE))
  }
  return firstPage.has(id) ? 'first' : undefined
}
