import { fileURLToPath } from 'node:url'

import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig, type Plugin } from 'vite'

import { firstPageChunk, mountInTurns, unmeasuredPictures } from './vite-first-page'
import { leaderWords } from './vite-leader-words'
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

export default defineConfig({
  plugins: [uniPlugin(), ...(isH5 ? [mountInTurns(), unmeasuredPictures()] : []), noThirdParty(), leaderWords(), steadyIds()],
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
