import { createHash } from 'node:crypto'
import { relative, sep } from 'node:path'

import type { Plugin } from 'vite'

interface Options {
  filename?: string
  hashId?: string
  [name: string]: unknown
}

interface Compiler {
  compile(template: unknown, options?: Options): unknown
}

interface VueApi {
  readonly options: { template?: { compiler?: Compiler } }
}

/**
 * The mini-program's compiler numbers a page's elements after a hash of the page's full path, so that the same source built in two
 * folders gave two packages. Here the path begins at this folder: the same source gives the same bytes everywhere.
 */
export function steadyIds(): Plugin {
  return {
    name: 'steady-ids',
    apply: 'build',
    configResolved(config) {
      if (process.env.UNI_PLATFORM !== 'mp-weixin') return
      const vue = config.plugins.find(({ name }) => name === 'vite:vue')
      const template = (vue?.api as VueApi | undefined)?.options.template
      const compiler = template?.compiler
      if (!template || !compiler) throw new Error('uni-app compiles pages in another way now: look at its element ids again')
      const idOf = (file: string): string => {
        const path = relative(config.root, file.split('?')[0] ?? '').split(sep).join('/')
        return createHash('sha256').update(path).digest('hex').slice(0, 8)
      }
      template.compiler = {
        ...compiler,
        compile: (source, options = {}) => compiler.compile(source, options.filename ? { ...options, hashId: idOf(options.filename) } : options),
      }
    },
  }
}
