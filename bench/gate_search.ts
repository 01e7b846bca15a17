// Run by bench/gate_search.py: how long the gate's own search takes over a list of a given size, beside a plain scan of every row.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

import { findAt, makeIndex, type GateList, type GateOrder } from '../web/src/components/leader/gate'

const ORDERS = Number(process.argv[2] ?? 5000)
const ROUNDS = 200
const NAMES = ['陈阿姨', '王秀英', '李建国', '赵子墨', '何静', '孙浩', '刘一诺', '周海生']
const INITIALS = ['CAY', 'WXY', 'LJG', 'ZZM', 'HJ', 'SH', 'LYN', 'ZHS']

let seed = 20261123
function chance(below: number): number {
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed % below
}

function row(n: number): GateOrder {
  const who = chance(NAMES.length)
  const digest = createHash('sha256').update(`salt:${chance(1e8)}`).digest('hex').slice(0, 4)
  return {
    id: String(118000000000000000n + BigInt(n)), n, name: NAMES[who]!, t: String(chance(10000)).padStart(4, '0'), i: INITIALS[who]!,
    room: `${1 + chance(30)}-${1 + chance(4)}-${100 * (1 + chance(18)) + chance(6)}`, c: digest, s: chance(10) ? 'waiting' : 'done', lines: [],
  } as unknown as GateOrder
}

const orders = Array.from({ length: ORDERS }, (_, at) => row(at + 1))
const list = { orders, salt: 'salt' } as unknown as GateList
const typed = (): string => {
  const one = orders[chance(ORDERS)]!
  return [`#${one.n}`, one.t, one.room, (one as unknown as { i: string }).i, one.name][chance(5)]!
}

/** What a first version would do: look at every field of every row. */
function scan(text: string): GateOrder[] {
  const wanted = text.replace('#', '').toUpperCase()
  return orders.filter((one) => JSON.stringify(one).toUpperCase().includes(wanted)).slice(0, 30)
}

function timed(search: (text: string) => unknown): { median_ms: number; p99_ms: number } {
  const taken: number[] = []
  for (let n = 0; n < ROUNDS; n += 1) {
    const text = typed()
    const begun = performance.now()
    search(text)
    taken.push(performance.now() - begun)
  }
  taken.sort((a, b) => a - b)
  return { median_ms: taken[ROUNDS / 2]!, p99_ms: taken[Math.floor(ROUNDS * 0.99)]! }
}

const begun = performance.now()
const index = makeIndex(list)
const indexed = performance.now() - begun
timed((text) => findAt(index, text))
const ours = timed((text) => findAt(index, text))
const baseline = timed(scan)
const text = JSON.stringify(list)
console.log(JSON.stringify({
  orders: ORDERS, searches: ROUNDS, index_ms: indexed, search: ours, scan: baseline, ratio_p99: baseline.p99_ms / ours.p99_ms,
  list_bytes_without_lines: text.length, gzip_bytes: gzipSync(text).length,
}, null, 1))
