import type { Plugin } from 'vite'

const SAYS_ONE = /['"`]leader\./
const OURS = /\/web\/src\/(?!i18n\/).*\.(?:vue|ts)$/

/** Lets the words of the selling side come with the modules that say them, instead of with the first page of every buyer. */
export function leaderWords(): Plugin {
  return {
    name: 'leader-words',
    enforce: 'post',
    transform(code, id) {
      if (id.includes('type=style') || !OURS.test(id.split('?')[0] ?? '') || !SAYS_ONE.test(code)) return null
      return { code: `import '@/i18n/leader-words';${code}`, map: null }
    },
  }
}
