import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

import { describe, expect, it } from 'vitest'

const BUILD = resolve('dist/build/mp-weixin')

interface Source {
  readonly file: string
  readonly text: string
}

function files(folder: string, kinds: RegExp): Source[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name)
    if (item.isDirectory()) return files(path, kinds)
    return kinds.test(item.name) ? [{ file: relative(BUILD, path), text: readFileSync(path, 'utf8') }] : []
  })
}

function hits(sources: readonly Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ file, text }) => [...text.matchAll(new RegExp(pattern, 'g'))].map((match) => `${file}: ${text.slice(Math.max(0, match.index - 40), match.index + 60)}`))
}

function vuesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name)
    return item.isDirectory() ? vuesIn(path) : item.name.endsWith('.vue') ? [path] : []
  })
}

interface AppJson {
  readonly pages: readonly string[]
  readonly subPackages: readonly { readonly root: string; readonly pages: readonly string[] }[]
  readonly requiredPrivateInfos: readonly string[]
  readonly lazyCodeLoading: string
  readonly permission?: object
  readonly plugins?: object
}

// Needs `npm run build:mp-weixin` first; without a build there is nothing to test.
describe.skipIf(!existsSync(BUILD))('the package that is uploaded', () => {
  const scripts = existsSync(BUILD) ? files(BUILD, /\.js$/) : []
  // The framework's runtime and the kit are shared by every page; what they only ever do in a browser is not ours to remove.
  const own = scripts.filter(({ file }) => !/^(common|node-modules|node_modules)\//.test(file))
  const markup = existsSync(BUILD) ? files(BUILD, /\.wxml$/) : []
  const styles = existsSync(BUILD) ? files(BUILD, /\.wxss$/) : []
  const app = existsSync(BUILD) ? (JSON.parse(readFileSync(join(BUILD, 'app.json'), 'utf8')) as AppJson) : ({} as AppJson)

  it.each([
    ['the dead profile', /\bgetUserProfile\b|\bgetUserInfo\b/],
    ['code from text', /\beval\s*\(|\bnew Function\s*\(/],
    ['the place where the person is', /\bgetLocation\b|\bgetFuzzyLocation\b|\bonLocationChange\b|\bgeolocation\b/],
    ['the clipboard of the person', /\bgetClipboardData\b/],
    ['stored money or transfers', /\brequestMerchantTransfer\b|\bopenRedPackage\b/],
  ])('never uses %s', (_what, pattern) => {
    // The runtime lists the names of every ability it can pass on; a call has a dot before it and a bracket behind.
    const called = new RegExp(`(?:\\.|wx\\[")(?:${pattern.source})`)
    expect(hits(own, pattern)).toEqual([])
    expect(hits(scripts, called)).toEqual([])
  })

  it.each([
    ['the document', /\bdocument\s*\./],
    ['the window', /\bwindow\s*\./],
    ['the address bar', /(?<![\w$."'])location\.(?:href|origin|pathname|search|reload|assign|replace)/],
    ['browser storage', /\b(?:localStorage|sessionStorage)\b/],
    ['browser networking', /\bnew (?:EventSource|XMLHttpRequest|WebSocket)\b|(?<![\w$.])fetch\(/],
    ['browser devices', /\bnavigator\s*\./],
    ['browser sound', /\bAudioContext\b/],
  ])('carries nothing that needs %s', (_what, pattern) => {
    expect(hits(own, pattern)).toEqual([])
  })

  it('speaks to nobody but the shop', () => {
    const origin = own.filter(({ text }) => text.includes('__YANTUAN_ORIGIN__'))
    expect(origin.map(({ file }) => file)).toEqual(['config.js'])
    // A name space, and what a robot's address looks like in the field for it.
    expect(hits(own, /https?:\/\/(?!www\.w3\.org\/2000\/svg|qyapi\.weixin\.qq\.com\/…)[\w.-]+/)).toEqual([])
    expect(hits([...styles, ...markup], /https?:\/\/(?!www\.w3\.org)[\w.-]+/)).toEqual([])
    // The runtime's own: the SVG name space, and pages of documentation that it names in warnings; the words of the robot's field.
    const named = new Set(scripts.flatMap(({ text }) => [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map((match) => match[1])))
    expect([...named].filter((host) => !['www.w3.org', 'vuejs.org', 'github.com', 'new-issue.vuejs.org', 'uniapp.dcloud.net.cn', 'qyapi.weixin.qq.com'].includes(host ?? ''))).toEqual([])
    expect(hits(scripts, /preloadAssets/).filter((hit) => !hit.includes('false'))).toEqual([])
  })

  it('opens no web page inside itself, where nobody could pay', () => {
    expect(hits(markup, /<web-view/)).toEqual([])
  })

  it('declares exactly the private abilities it uses', () => {
    const declarable = ['chooseAddress', 'chooseLocation', 'choosePoi', 'getLocation', 'getFuzzyLocation', 'onLocationChange', 'startLocationUpdate', 'startLocationUpdateBackground']
    const used = declarable.filter((name) => hits(own, new RegExp(`\\.${name}\\(`)).length > 0)
    expect(app.requiredPrivateInfos).toEqual(used)
    expect(app.permission).toBeUndefined()
    expect(app.plugins).toBeUndefined()
  })

  it('loads only what a page needs, and keeps the desk apart from the shop window', () => {
    expect(app.lazyCodeLoading).toBe('requiredComponents')
    expect(app.subPackages.map(({ root }) => root)).toEqual(['leader', 'buyer'])
    for (const page of [...app.pages, ...app.subPackages.flatMap(({ root, pages }) => pages.map((path) => `${root}/${path}`))]) {
      for (const kind of ['js', 'json', 'wxml']) expect(existsSync(join(BUILD, `${page}.${kind}`)), `${page}.${kind}`).toBe(true)
    }
  })

  it('is the same in whatever folder it is built', () => {
    expect(hits([...scripts, ...markup, ...styles], new RegExp(resolve('.').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))).toEqual([])
    // Element ids come from a hash of the page's path; it begins at this folder (vite-steady-ids.ts), not at the root of the machine.
    const idOf = (path: string): string => createHash('sha256').update(path.split(sep).join('/')).digest('hex').slice(0, 8)
    const steady = new Set(['src', 'node_modules/sard-uniapp'].flatMap((folder) => vuesIn(folder)).map(idOf))
    const ids = markup.flatMap(({ file, text }) => [...text.matchAll(/u-i="(?:\{\{['"])?([0-9a-f]{8})-\d/g)].map((match) => `${file} ${match[1]}`))
    expect(ids.length).toBeGreaterThan(100)
    expect(ids.filter((one) => !steady.has(one.split(' ')[1] ?? ''))).toEqual([])
  })

  it('waits for its AppID', () => {
    expect(JSON.parse(readFileSync(join(BUILD, 'project.config.json'), 'utf8'))).toMatchObject({ appid: 'touristappid', setting: { urlCheck: true } })
  })
})
