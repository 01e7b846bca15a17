import { API_BASE, IS_H5 } from '@/config'

export interface StreamOptions {
  /** One server event: its name and its decoded JSON data. */
  readonly onEvent: (name: string, data: unknown) => void
  /** Event names to listen for. */
  readonly names: readonly string[]
  /** Called every `pollMs` where no stream is possible (mini-program, old browser). */
  readonly poll: () => void
  readonly pollMs?: number
  /** Tells the page whether it is live, to show "reconnecting" truthfully. */
  readonly onState?: (live: boolean) => void
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Keep-alive lines and plain words are legal in a stream.
    return text
  }
}

function openEventSource(path: string, options: StreamOptions): () => void {
  const source = new EventSource(API_BASE + path, { withCredentials: true })
  for (const name of options.names) {
    source.addEventListener(name, (event) => options.onEvent(name, parse((event as MessageEvent<string>).data)))
  }
  source.onopen = () => {
    options.onState?.(true)
    // Whatever happened while the line was down is fetched once.
    options.poll()
  }
  source.onerror = () => options.onState?.(false)
  return () => source.close()
}

/**
 * Listens to the server's event stream; where there is none it polls. The browser reconnects by itself.
 *
 * @returns a function that stops listening; call it when the page is left
 */
export function openStream(path: string, options: StreamOptions): () => void {
  if (IS_H5 && typeof EventSource !== 'undefined') return openEventSource(path, options)
  options.onState?.(true)
  const timer = setInterval(options.poll, options.pollMs ?? 5000)
  return () => clearInterval(timer)
}

function chime(): void {
  const audio = new AudioContext()
  const start = audio.currentTime
  for (const [i, tone] of [880, 1174.7].entries()) {
    const voice = audio.createOscillator()
    const gain = audio.createGain()
    const at = start + i * 0.16
    voice.frequency.value = tone
    gain.gain.setValueAtTime(0.0001, at)
    gain.gain.exponentialRampToValueAtTime(0.25, at + 0.02)
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.4)
    voice.connect(gain).connect(audio.destination)
    voice.start(at)
    voice.stop(at + 0.42)
    if (i === 1) voice.onended = () => void audio.close()
  }
}

/** Two soft tones on H5 (browsers allow sound after the first tap on the page), a short buzz in the mini-program. */
export function ring(): void {
  if (!IS_H5) {
    uni.vibrateShort({})
    return
  }
  try {
    chime()
  } catch {
    // No audio device or not allowed yet: the badge and the text on screen still tell the news.
    return
  }
}

/** Shows a number on a tab of the bottom bar (0 = 首页 … 3 = 我的); zero removes it. */
export function setTabBadge(index: number, count: number): void {
  // Outside tab pages the platform answers with a failure that means nothing to us.
  const fail = (): void => {}
  if (count > 0) uni.setTabBarBadge({ index, text: count > 99 ? '99+' : String(count), fail })
  else uni.removeTabBarBadge({ index, fail })
}

/** Names the tabs of the bottom bar, in their order. */
export function setTabTexts(texts: readonly string[]): void {
  // The platform refuses outside tab pages; the next switch of language or start names them.
  texts.forEach((text, index) => uni.setTabBarItem({ index, text, fail: () => {} }))
}

/** What the person said: the templates they allowed, those they refused, and whether their main switch is off. */
export interface SubscribeAnswer {
  readonly accepted: readonly string[]
  readonly refused: readonly string[]
  readonly switchedOff: boolean
}

// More at once fail on older clients.
const MOST_TEMPLATES = 3
const SWITCHED_OFF = 20004

/**
 * Asks in the mini-program for leave to send subscription messages. WeChat takes it only straight from a tap or from the end of
 * a payment, so nothing may be waited for before the call. Nothing is asked on H5. Never throws.
 */
export function requestSubscribe(templateIds: readonly string[]): Promise<SubscribeAnswer> {
  const asked = templateIds.slice(0, MOST_TEMPLATES)
  if (IS_H5 || asked.length === 0) return Promise.resolve({ accepted: [], refused: [], switchedOff: false })
  return new Promise((resolve) => {
    uni.requestSubscribeMessage({
      tmplIds: asked,
      success: (answer) => {
        const states = answer as unknown as Record<string, unknown>
        // accept, acceptWithAudio, acceptWithAlert, acceptWithForcePush; else reject, ban or filter.
        const accepted = asked.filter((id) => String(states[id] ?? '').startsWith('accept'))
        resolve({ accepted, refused: asked.filter((id) => states[id] === 'reject' || states[id] === 'ban'), switchedOff: false })
      },
      // The network or a banned mini-program: nobody refused anything.
      fail: ({ errCode }: { errCode?: number }) => resolve({ accepted: [], refused: errCode === SWITCHED_OFF ? asked : [], switchedOff: errCode === SWITCHED_OFF }),
    })
  })
}
