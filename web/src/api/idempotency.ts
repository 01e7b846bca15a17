const HEX = '0123456789abcdef'

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  if (typeof crypto !== 'undefined' && typeof crypto.getRandomValues === 'function') {
    return crypto.getRandomValues(bytes)
  }
  // Mini-program base libraries have no synchronous secure source. A key only has to be unique per caller, not secret.
  for (let i = 0; i < count; i += 1) bytes[i] = Math.floor(Math.random() * 256)
  return bytes
}

/** A random UUID, version 4. */
export function uuid4(): string {
  const bytes = randomBytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  let text = ''
  bytes.forEach((byte, i) => {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-'
    text += (HEX[byte >> 4] ?? '') + (HEX[byte & 15] ?? '')
  })
  return text
}

/** One thing a person wants done once, however often they tap or the network fails. */
export interface Intent {
  /** The key to send with this body: the same body keeps its key, another body is another intent. */
  keyFor(body: unknown): string
  /** Call after success, so that the next tap is a new wish. */
  done(): void
}

/** Keep one intent per action of a page (for example one for `place order`) and pass it to `api.post(…, { intent })`. */
export function createIntent(): Intent {
  let key = ''
  let seen = ''
  return {
    keyFor(body) {
      const text = JSON.stringify(body) ?? ''
      if (!key || text !== seen) {
        key = uuid4()
        seen = text
      }
      return key
    },
    done() {
      key = ''
      seen = ''
    },
  }
}
