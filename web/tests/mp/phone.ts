import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

import { MiniProgram, type OpenPage } from './harness'
import type { WxHandler } from './wx'

/** What a person decides when WeChat asks them something. Change it between steps. */
export interface Choices {
  /** Agrees to the privacy guideline when our own sheet asks. */
  privacy: 'agreed' | 'unasked'
  pay: 'pay' | 'cancel' | 'fail'
  subscribe: 'accept' | 'reject'
  address: Readonly<Record<string, string>> | null
  album: 'allowed' | 'denied'
  /** The button of a dialog of ours. */
  dialog: 'confirm' | 'cancel'
  picture: string
  scan: string
  /** The point chosen on WeChat's map; null: turned back. */
  place: { readonly latitude: number; readonly longitude: number } | null
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** Where requests of the package end: the real server, or what a test says. */
export type Server = (request: { method: string; path: string; headers: Record<string, string>; body?: string | Buffer }) => Promise<Answer>

/** What stands behind WeChat's own abilities, for example the simulator. */
export interface WechatSide {
  /** A one-time code: of `wx.login`, or of the phone button. */
  code(kind: 'login' | 'phone'): Promise<string>
  /** The pay sheet; the person's choice is `how`. */
  pay(params: Readonly<Record<string, string>>, how: Choices['pay']): Promise<void>
  /** The person allowed one message of this template. */
  consent(templateId: string): Promise<void>
}

interface Options {
  readonly url?: string
  readonly delta?: number
  success?(answer: object): void
  fail?(cause: object): void
  complete?(): void
}

/** Says no as WeChat does. */
export interface Refusal {
  readonly errMsg: string
  readonly errCode?: number
  readonly errno?: number
}

class Refused extends Error {
  constructor(readonly cause_: Refusal) {
    super(cause_.errMsg)
  }
}

const settle = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const PATIENCE_MS = 20_000
// A dialog's button takes four Chinese characters; each counts as two.
const BUTTON_WIDTH = 8

function width(text: string): number {
  return [...text].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 255 ? 2 : 1), 0)
}

/**
 * One person's phone with WeChat on it: the compiled package, its pages on a stack, and WeChat's own sheets answered as the person
 * chooses. It keeps to WeChat's rules that a wrong call breaks on a real phone: a permission sheet opens only straight from a tap or
 * from the end of a payment, anything personal waits for the privacy guideline, a login code works once.
 */
export class Phone {
  readonly app: MiniProgram
  readonly choices: Choices = {
    privacy: 'unasked', pay: 'pay', subscribe: 'accept', address: null, album: 'allowed', dialog: 'confirm', picture: '', scan: '', place: null,
  }
  /** Sentences shown as toasts, oldest first. */
  readonly toasts: string[] = []
  /** Titles of dialogs, oldest first. */
  readonly dialogs: string[] = []
  /** `METHOD /path` of every request. */
  readonly requests: string[] = []
  readonly storage = new Map<string, unknown>()
  private readonly pages: { page: OpenPage; url: string }[] = []
  private moving: Promise<unknown> = Promise.resolve()
  private gesture = false
  private privacyListener: ((answer: (said: { event: string; buttonId?: string }) => void) => void) | null = null

  constructor(folder: string, private readonly origin: string, private readonly server: Server, private readonly wechat: WechatSide) {
    this.app = new MiniProgram(folder)
    this.network()
    this.navigation()
    this.sheets()
    this.personal()
  }

  /** Opens the mini-program at a page, as a tapped card or a scanned code does. */
  async start(path: string, scene = 1007): Promise<OpenPage> {
    const [page = '', query = {}] = split(path)
    this.app.launch({ path: page, query, scene })
    return this.go(path)
  }

  /** The page on screen. */
  get page(): OpenPage {
    const top = this.pages.at(-1)
    if (!top) throw new Error('no page is open')
    return top.page
  }

  /** Address of the page on screen. */
  get url(): string {
    return this.pages.at(-1)?.url ?? ''
  }

  async go(path: string): Promise<OpenPage> {
    const [page = '', query = {}] = split(path)
    const opened = await this.app.open(page, query)
    this.pages.push({ page: opened, url: path })
    return opened
  }

  /** Waits until the page on screen, or the whole phone, is as `look` wants it. */
  async until(look: string | (() => boolean | Promise<boolean>), what = String(look)): Promise<void> {
    const found = typeof look === 'string' ? (): boolean => this.page.text().includes(look) : look
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
      await this.moving
      if (await found()) return
      await settle(30)
    }
    throw new Error(`waited for ${what}; ${this.url} says: ${this.page.text().slice(0, 1500)} (${this.trace()})`)
  }

  /** Waits for an element and taps it, with everything a tap allows. */
  async tap(testid: string): Promise<void> {
    await this.until(() => this.page.has(testid), `the element ${testid}`)
    await this.within(() => this.page.tap(testid))
  }

  async input(testid: string, value: string): Promise<void> {
    await this.until(() => this.page.has(testid), `the element ${testid}`)
    await this.page.input(testid, value)
  }

  /** An event of a native button or form, for example `chooseavatar`. */
  async fire(testid: string, event: string, detail: object): Promise<void> {
    await this.until(() => this.page.has(testid), `the element ${testid}`)
    await this.within(() => this.page.fire(testid, event, detail))
  }

  /** Agrees on our privacy sheet. */
  async agreeToPrivacy(): Promise<void> {
    this.choices.privacy = 'agreed'
    await this.fire('privacy-agree', 'agreeprivacyauthorization', {})
  }

  /** Leaves WeChat and comes back, perhaps from another mini-program. */
  async away(referrerInfo: object = {}): Promise<void> {
    this.app.hide()
    await settle()
    this.app.show({ referrerInfo })
    this.page.show()
    await settle()
  }

  /** One call with this phone's session, outside the app. */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const token = String(this.storage.get('yt.token') ?? '')
    const headers = { 'X-Yantuan-Client': 'mp', Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const answer = await this.server({ method, path, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  close(): void {
    while (this.pages.length) this.pages.pop()?.page.close()
    this.app.hide()
  }

  private trace(): string {
    const calls = this.app.double.calls.slice(-8).map((call) => call.name)
    return `toasts ${this.toasts.join(' / ')}; dialogs ${this.dialogs.join(' / ')}; asked ${this.requests.slice(-6).join(', ')}; calls ${calls.join(', ')}`
  }

  private async within(work: () => Promise<void>): Promise<void> {
    this.gesture = true
    const done = work()
    // A promise's continuation still belongs to the tap; anything waited for does not.
    await settle()
    this.gesture = false
    await done
    await this.moving
  }

  private answer(name: string, work: (options: Options & Record<string, unknown>) => Promise<object> | object): void {
    this.app.double.on(name, ((options: Options & Record<string, unknown> = {}) => {
      void (async () => {
        try {
          const found = await work(options)
          options.success?.({ errMsg: `${name}:ok`, ...found })
        } catch (error) {
          if (!(error instanceof Refused)) throw error
          options.fail?.({ ...error.cause_, errMsg: `${name}:${error.cause_.errMsg}` })
        }
        options.complete?.()
      })()
    }) as WxHandler)
  }

  private network(): void {
    const send = async (options: Record<string, unknown>, method: string, headers: Record<string, string>, body?: string | Buffer): Promise<object> => {
      const url = String(options.url)
      if (!url.startsWith(`${this.origin}/`)) throw new Refused({ errMsg: 'fail url not in domain list' })
      const path = url.slice(this.origin.length)
      this.requests.push(`${method} ${path}`)
      const answer = await this.server({ method, path, headers, ...(body === undefined ? {} : { body }) })
      return { statusCode: answer.status, data: answer.body, header: {}, cookies: [] }
    }
    this.answer('request', (options) => {
      const data = options.data === undefined ? undefined : JSON.stringify(options.data)
      return send(options, String(options.method ?? 'GET'), (options.header ?? {}) as Record<string, string>, data)
    })
    this.answer('uploadFile', async (options) => {
      const { body, type } = multipart(String(options.filePath), String(options.name), (options.formData ?? {}) as Record<string, string>)
      const found = (await send(options, 'POST', { ...(options.header as Record<string, string>), 'Content-Type': type }, body)) as { data: unknown }
      return { ...found, data: JSON.stringify(found.data) }
    })
    this.answer('downloadFile', async (options) => ({ ...(await send(options, 'GET', {})), tempFilePath: 'wxfile://tmp_1.jpg' }))
  }

  private navigation(): void {
    const move = (name: string, work: (url: string) => Promise<unknown>): void =>
      this.answer(name, async ({ url = '' }) => {
        this.moving = this.moving.then(() => work(url))
        await this.moving
        return {}
      })
    const shut = (count: number): void => this.pages.splice(-count, count).forEach(({ page }) => page.close())
    move('navigateTo', (url) => this.go(url))
    move('redirectTo', (url) => (shut(1), this.go(url)))
    move('switchTab', (url) => (shut(this.pages.length), this.go(url)))
    move('reLaunch', (url) => (shut(this.pages.length), this.go(url)))
    this.answer('navigateBack', async ({ delta = 1 }) => {
      shut(Math.min(delta, this.pages.length - 1))
      this.pages.at(-1)?.page.show()
      return {}
    })
  }

  private sheets(): void {
    const { double } = this.app
    double.on('showToast', ((options: { title: string }) => void this.toasts.push(options.title)) as WxHandler)
    this.answer('showModal', ({ title, confirmText = '', cancelText = '' }) => {
      this.dialogs.push(String(title))
      for (const text of [confirmText, cancelText] as string[]) if (width(text) > BUTTON_WIDTH) throw new Refused({ errMsg: 'fail confirmText length should not larger than 4 Chinese characters' })
      this.gesture = true
      setTimeout(() => (this.gesture = false))
      return { confirm: this.choices.dialog === 'confirm', cancel: this.choices.dialog !== 'confirm', content: '' }
    })
    this.answer('requestPayment', async (options) => {
      const params = Object.fromEntries(['timeStamp', 'nonceStr', 'package', 'signType', 'paySign'].map((key) => [key, String(options[key])]))
      await this.wechat.pay(params, this.choices.pay)
      if (this.choices.pay === 'cancel') throw new Refused({ errMsg: 'fail cancel' })
      if (this.choices.pay === 'fail') throw new Refused({ errMsg: 'fail the bank said no' })
      this.gesture = true
      setTimeout(() => (this.gesture = false))
      return {}
    })
    this.answer('requestSubscribeMessage', async ({ tmplIds }) => {
      const ids = tmplIds as string[]
      if (!this.gesture) throw new Refused({ errMsg: 'fail can only be invoked by user TAP gesture.', errCode: 10005 })
      if (!ids.length) throw new Refused({ errMsg: 'fail', errCode: 10001 })
      if (ids.length > 3) throw new Refused({ errMsg: 'fail', errCode: 20003 })
      if (this.choices.subscribe === 'accept') for (const id of ids) await this.wechat.consent(id)
      return Object.fromEntries(ids.map((id) => [id, this.choices.subscribe]))
    })
    this.answer('openSetting', () => {
      if (!this.gesture) throw new Refused({ errMsg: 'fail can only be invoked by user TAP gesture.' })
      this.choices.album = 'allowed'
      return { authSetting: { 'scope.writePhotosAlbum': true } }
    })
  }

  private personal(): void {
    const { double } = this.app
    double.on('onNeedPrivacyAuthorization', ((listener: NonNullable<typeof this.privacyListener>) => void (this.privacyListener = listener)) as WxHandler)
    this.answer('getPrivacySetting', () => ({ needAuthorization: this.choices.privacy !== 'agreed', privacyContractName: '《小满的果园隐私保护指引》' }))
    for (const [method, key] of [['getStorageSync', 'get'], ['setStorageSync', 'set'], ['removeStorageSync', 'delete']] as const) {
      double.on(method, ((name: string, value: unknown) => (key === 'set' ? void this.storage.set(name, value) : key === 'get' ? (this.storage.get(name) ?? '') : void this.storage.delete(name))) as WxHandler)
    }
    this.answer('login', async () => ({ code: await this.wechat.code('login') }))
    this.answer('chooseAddress', async () => {
      await this.guard()
      if (!this.choices.address) throw new Refused({ errMsg: 'fail cancel' })
      return this.choices.address
    })
    this.answer('chooseLocation', async () => {
      await this.guard()
      if (!this.choices.place) throw new Refused({ errMsg: 'fail cancel' })
      return { name: '', address: '', ...this.choices.place }
    })
    this.answer('chooseImage', async () => {
      await this.guard()
      return { tempFilePaths: [this.choices.picture], tempFiles: [{ path: this.choices.picture, size: 1 }] }
    })
    this.answer('scanCode', () => {
      if (!this.choices.scan) throw new Refused({ errMsg: 'fail cancel' })
      return { result: this.choices.scan }
    })
    this.answer('saveImageToPhotosAlbum', async () => {
      await this.guard()
      if (this.choices.album === 'denied') throw new Refused({ errMsg: 'fail auth deny' })
      return {}
    })
  }

  /** Whatever touches something personal waits until the guideline was agreed to, and fails when it was declined. */
  private async guard(): Promise<void> {
    if (this.choices.privacy === 'agreed') return
    const listener = this.privacyListener
    if (!listener) throw new Refused({ errMsg: 'fail privacy permission is not authorized', errno: 104 })
    const said = await new Promise<{ event: string }>((resolve) => listener(resolve))
    if (said.event !== 'agree') throw new Refused({ errMsg: 'fail privacy permission is not authorized', errno: 103 })
  }
}

function split(url: string): [string, Record<string, string>] {
  const [path = '', query = ''] = url.replace(/^\//, '').split('?')
  return [path, Object.fromEntries(query.split('&').filter(Boolean).map((pair) => pair.split('=').map((part) => decodeURIComponent(part)) as [string, string]))]
}

function multipart(file: string, name: string, fields: Record<string, string>): { body: Buffer; type: string } {
  const line = '----yantuan-test'
  const parts = Object.entries(fields).map(([key, value]) => `--${line}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`)
  const head = `--${line}\r\nContent-Disposition: form-data; name="${name}"; filename="${basename(file)}"\r\nContent-Type: image/jpeg\r\n\r\n`
  return { body: Buffer.concat([Buffer.from(parts.join('') + head), readFileSync(file), Buffer.from(`\r\n--${line}--\r\n`)]), type: `multipart/form-data; boundary=${line}` }
}
