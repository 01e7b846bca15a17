// Fails when the first page of the browser app or a part of the mini-program package grows over its budget.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const ROOT = new URL('..', import.meta.url).pathname
const H5 = join(ROOT, 'dist/build/h5')
const MP = join(ROOT, 'dist/build/mp-weixin')
const KB = 1024

const FIRST_PAGE = 'src/pages/g/index.vue'
const H5_BUDGET = 200 * KB
// WeChat refuses any part over 2 MB and the whole over 20 MB; the main part is what a tapped card waits for.
const MP_MAIN_BUDGET = 1.5 * KB * KB
const MP_PART_BUDGET = 2 * KB * KB
const MP_WHOLE_BUDGET = 20 * KB * KB

/** Every js and css file the browser needs before this page can show, by following the static imports. */
function filesOf(manifest, entryKeys) {
  const files = new Set()
  const seen = new Set()
  const visit = (key) => {
    const chunk = manifest[key]
    if (!chunk || seen.has(key)) return
    seen.add(key)
    files.add(chunk.file)
    for (const css of chunk.css ?? []) files.add(css)
    for (const next of chunk.imports ?? []) visit(next)
  }
  entryKeys.forEach(visit)
  return [...files]
}

function h5Size() {
  const manifest = JSON.parse(readFileSync(join(H5, '.vite/manifest.json'), 'utf8'))
  const keys = Object.keys(manifest)
  const entry = keys.find((key) => manifest[key].isEntry)
  const page = keys.find((key) => key.split('?')[0] === FIRST_PAGE)
  if (!entry || !page) throw new Error(`the H5 manifest does not list ${entry ? FIRST_PAGE : 'an entry'}`)
  return filesOf(manifest, [entry, page]).map((file) => ({ file, bytes: gzipSync(readFileSync(join(H5, file))).length }))
}

function folderSize(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, item) => {
    const path = join(folder, item.name)
    return sum + (item.isDirectory() ? folderSize(path) : statSync(path).size)
  }, 0)
}

/** Bytes of the main part and of each sub-package, by name. */
function miniProgramSizes() {
  const { subPackages = [] } = JSON.parse(readFileSync(join(MP, 'app.json'), 'utf8'))
  const parts = subPackages.map(({ root }) => [root.replace(/\/$/, ''), folderSize(join(MP, root))])
  const whole = folderSize(MP)
  return { main: whole - parts.reduce((sum, [, bytes]) => sum + bytes, 0), parts, whole }
}

function report(name, bytes, budget) {
  const fits = bytes <= budget
  console.log(`${fits ? 'ok  ' : 'OVER'} ${name}: ${(bytes / KB).toFixed(1)} KB of ${(budget / KB).toFixed(0)} KB`)
  return fits
}

for (const folder of [H5, MP]) {
  if (!existsSync(folder)) {
    console.error(`missing ${folder}: run npm run build:h5 and npm run build:mp-weixin first`)
    process.exit(2)
  }
}
const first = h5Size()
const mini = miniProgramSizes()
for (const { file, bytes } of first) console.log(`     ${(bytes / KB).toFixed(1).padStart(7)} KB gzip  ${file}`)
const fits = [
  report('H5 first page, js + css gzip', first.reduce((sum, { bytes }) => sum + bytes, 0), H5_BUDGET),
  report('mini-program, main part', mini.main, MP_MAIN_BUDGET),
  ...mini.parts.map(([root, bytes]) => report(`mini-program, sub-package ${root}`, bytes, MP_PART_BUDGET)),
  report('mini-program, whole', mini.whole, MP_WHOLE_BUDGET),
]
process.exit(fits.every(Boolean) ? 0 : 1)
