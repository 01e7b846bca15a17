import { fileURLToPath } from 'node:url'

import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig, type Plugin } from 'vite'

import { steadyIds } from './vite-steady-ids'

// The plugin is published as CommonJS, so under ESM the function sits in `.default`.
const uniPlugin = (uni as unknown as { default?: typeof uni }).default ?? uni

const isH5 = process.env.UNI_PLATFORM === 'h5'

// The mini-program runtime fetches a picture from its maker's CDN three seconds after start, with the host name hidden in char codes.
const RUNTIME = /uni-mp-weixin\/dist\/uni\.mp\.esm\.js$/
const PHONE_HOME = 'isFunction(wx.preloadAssets)'

/** A self-hosted shop must not call third parties: drops remote url() from the CSS and the runtime's own request. */
function noThirdParty(): Plugin {
  return {
    name: 'no-third-party',
    apply: 'build',
    enforce: 'post',
    transform(code, id) {
      if (!RUNTIME.test(id.split('?')[0] ?? '')) return null
      if (!code.includes(PHONE_HOME)) this.error('the uni-app runtime has changed: look for its third-party request again')
      return { code: code.replaceAll(PHONE_HOME, 'false'), map: null }
    },
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue
        file.source = String(file.source).replace(/url\(["']?https?:\/\/[^)]+\)/g, 'none')
      }
    },
  }
}

const FIRST_PAGE = fileURLToPath(new URL('./src/pages/g/index.vue', import.meta.url))
const ENTRY = fileURLToPath(new URL('./src/main.ts', import.meta.url))

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
 * beyond the entry comes as one file with one style sheet.
 */
function firstPageChunk(id: string, { getModuleInfo }: { getModuleInfo: GraphOf }): string | undefined {
  if (!firstPage) {
    const entry = needs(ENTRY, getModuleInfo)
    firstPage = new Set([...needs(FIRST_PAGE, getModuleInfo)].filter((one) => !entry.has(one) && one !== FIRST_PAGE))
  }
  return firstPage.has(id) ? 'first' : undefined
}

export default defineConfig({
  plugins: [uniPlugin(), noThirdParty(), steadyIds()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  css: { preprocessorOptions: { scss: { silenceDeprecations: ['legacy-js-api'] } } },
  build: {
    // The manifest lets the server preload a page's chunks; writing it breaks the mini-program build.
    manifest: isH5,
    sourcemap: false,
    ...(isH5 ? { rollupOptions: { output: { manualChunks: firstPageChunk } } } : {}),
  },
  server: {
    proxy: Object.fromEntries(['/api', '/media', '/share'].map((path) => [path, process.env.YANTUAN_API ?? 'http://127.0.0.1:8000'])),
  },
})
