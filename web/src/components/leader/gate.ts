import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type GateList = Schemas['GateList']
export type GateOrder = Schemas['GateOrder']
export type EntryIn = Schemas['EntryIn']
export type EntriesOut = Schemas['EntriesOut']
export type EntryOut = Schemas['EntryOut']
export type Clash = Schemas['Clash']

/** One act at the gate, kept on the phone until the server has answered it. */
export interface Act {
  readonly key: string
  readonly order: string
  readonly number: number
  readonly kind: 'hand_out' | 'undo'
  readonly pieces: Readonly<Record<string, number>>
  readonly undoes: string
  readonly at: string
  /** Code of the pass a friend showed. */
  readonly pass?: string
  readonly answer?: EntryOut
}

const MOST_FOUND = 30
const K = new Uint32Array(64)
const START = new Uint32Array(8)

function fractions(): void {
  const primes: number[] = []
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n)
  primes.forEach((p, i) => {
    K[i] = (Math.cbrt(p) % 1) * 2 ** 32
    if (i < 8) START[i] = (Math.sqrt(p) % 1) * 2 ** 32
  })
}

const turn = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

/** SHA-256 in hexadecimal of an ASCII text under 56 characters; the browser's own needs https and the mini-program has none. */
export function sha256(text: string): string {
  if (!K[0]) fractions()
  const w = new Uint32Array(64)
  const bytes = new Uint8Array(64)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  bytes[text.length] = 0x80
  for (let i = 0; i < 16; i++) w[i] = (bytes[4 * i]! << 24) | (bytes[4 * i + 1]! << 16) | (bytes[4 * i + 2]! << 8) | bytes[4 * i + 3]!
  w[15] = text.length * 8
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15]!
    const b = w[i - 2]!
    w[i] = w[i - 16]! + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7]! + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))
  }
  const s = new Uint32Array(START)
  for (let i = 0; i < 64; i++) {
    const e = s[4]!
    const a = s[0]!
    const t1 = s[7]! + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & s[5]!) ^ (~e & s[6]!)) + K[i]! + w[i]!
    const t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & s[1]!) ^ (a & s[2]!) ^ (s[1]! & s[2]!))
    s.copyWithin(1, 0, 7)
    s[4] = s[4]! + t1
    s[0] = t1 + t2
  }
  return [...s].map((v, i) => ((v + START[i]!) >>> 0).toString(16).padStart(8, '0')).join('')
}

export interface GateIndex {
  readonly rows: readonly GateOrder[]
  readonly exact: ReadonlyMap<string, readonly number[]>
  readonly salt: string
  readonly passes: GateList['passes']
}

/** Everything people say at a gate, looked up in one step: 跟团号, last four, room, and the code's short digest. */
export function makeIndex(list: Pick<GateList, 'orders' | 'salt'> & Partial<Pick<GateList, 'passes'>>): GateIndex {
  const exact = new Map<string, number[]>()
  const add = (key: string, at: number): void => {
    const found = exact.get(key)
    if (found) found.push(at)
    else exact.set(key, [at])
  }
  list.orders.forEach((row, at) => {
    add(`#${row.n}`, at)
    add(`t${row.t}`, at)
    add(`i${row.id}`, at)
    if (row.c) add(`c${row.c}`, at)
    // 3-2-501 is also said as 501 or 3-501.
    const parts = row.room.toUpperCase().split('-').filter(Boolean)
    const last = parts[parts.length - 1]
    for (const room of new Set([parts.join('-'), last, `${parts[0]}-${last}`])) if (room) add(`r${room}`, at)
  })
  return { rows: list.orders, exact, salt: list.salt, passes: list.passes ?? [] }
}

/** The code of a pass in a typed or scanned text; '' for anything else. No other number people say has nine digits. */
export function passCode(typed: string): string {
  return /^(?:YANTUAN:PASS:)?(\d{9})$/.exec(typed.trim().toUpperCase().replace(/ /g, ''))?.[1] ?? ''
}

/** The pass a code belongs to, by its short digest; a gate without a line can know no more. */
export function passOf(index: GateIndex, code: string): NonNullable<GateList['passes']>[number] | undefined {
  return (index.passes ?? []).find((one) => sha256(`${one.s}:${code}`).slice(0, 4) === one.d)
}

/** Orders a typed or scanned text may mean, those that wait first, at most thirty. */
export function findAt(index: GateIndex, typed: string): GateOrder[] {
  const text = typed.trim().toUpperCase()
  if (!text) return []
  const scanned = /^YANTUAN:PICKUP:(\d{1,19}):(\d{4,8})$/.exec(text)
  const code = passCode(text)
  if (code) return (passOf(index, code)?.o ?? []).flatMap((id) => index.exact.get(`i${id}`) ?? []).map((at) => index.rows[at]!)
  const hits = scanned ? ofCode(index, scanned[1]!, scanned[2]!) : ofText(index, text)
  const rank = (row: GateOrder): number => (row.s === 'waiting' ? 0 : 1)
  return [...new Set(hits)]
    .map((at) => index.rows[at]!)
    .sort((a, b) => rank(a) - rank(b) || a.n - b.n)
    .slice(0, MOST_FOUND)
}

function ofCode(index: GateIndex, id: string, code: string): readonly number[] {
  const hits = index.exact.get(`i${id}`) ?? []
  const digest = sha256(`${index.salt}:${code}`).slice(0, 4)
  return hits.filter((at) => index.rows[at]!.c === digest)
}

function ofText(index: GateIndex, text: string): readonly number[] {
  const said = text.replace(/室$/, '').replace(/(号楼|栋|幢|座|单元)/g, '-').replace(/-+/g, '-')
  const hits = [...(index.exact.get(`r${said}`) ?? [])]
  const of = (key: string): number => hits.push(...(index.exact.get(key) ?? []))
  if (/^#?\d+$/.test(text)) {
    const digits = text.replace('#', '')
    of(`#${Number(digits)}`)
    if (text[0] === '#') return index.exact.get(`#${Number(digits)}`) ?? []
    if (digits.length === 4 || digits.length === 11) of(`t${digits.slice(-4)}`)
    if (digits.length === 6 || digits.length === 8) of(`c${sha256(`${index.salt}:${digits}`).slice(0, 4)}`)
    return hits
  }
  const letters = /^[A-Z]+$/.test(text)
  index.rows.forEach((row, at) => {
    if (letters ? row.i.startsWith(text) : row.name.toUpperCase().includes(text)) hits.push(at)
  })
  return hits
}

/** Pieces by line that this phone has handed out beyond what its list says. */
export function handedHere(acts: readonly Act[]): Map<string, number> {
  const undone = new Set(acts.filter((a) => a.kind === 'undo' && (!a.answer || a.answer.outcome === 'undone')).map((a) => a.undoes))
  const found = new Map<string, number>()
  for (const act of acts) {
    if (act.kind !== 'hand_out' || undone.has(act.key)) continue
    const pieces = act.answer ? act.answer.booked : act.pieces
    for (const [line, units] of Object.entries(pieces)) found.set(line, (found.get(line) ?? 0) + units)
  }
  return found
}

/** A key nobody made before. */
export function newKey(): string {
  let text = Date.now().toString(36)
  while (text.length < 24) text += Math.floor(Math.random() * 36).toString(36)
  return text
}
