import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'

import * as glassEasel from 'glass-easel'
import { MiniProgramEnv } from 'glass-easel-miniprogram-adapter'
import { TmplGroup } from 'glass-easel-template-compiler'

import { createWx, type WxDouble } from './wx'

interface PageConfig {
  component?: boolean
  usingComponents?: Record<string, string>
}

interface AppConfig {
  pages: string[]
  subPackages?: { root: string; pages: string[] }[]
  usingComponents?: Record<string, string>
}

/** A page's JavaScript side as WeChat calls it. */
interface PageCaller {
  route?: string
  options?: Record<string, string>
  onLoad?(query: Record<string, string>): void
  onShow?(): void
  onReady?(): void
  onUnload?(): void
  onShareAppMessage?(from: object): { title?: string; path?: string; imageUrl?: string }
  onShareTimeline?(): { title?: string; query?: string; imageUrl?: string }
}

type Register = (definition: never) => unknown
type Template = Parameters<ReturnType<MiniProgramEnv['createCodeSpace']>['addCompiledTemplate']>[1]

interface Caller {
  readonly id?: string
  readonly dataset?: object
}

/**
 * The framework hands listeners an object that inherits its fields; WeChat's base library turns that into a plain one.
 * uni-app checks for own fields, so the harness must do the same.
 */
function usePlainEvents(): void {
  const plain = ({ id = '', dataset = {} }: Caller): Caller => ({ id, dataset })
  glassEasel.Event.prototype.wrapShadowedEvent = function wrap(this: glassEasel.Event<object>, target, mark, currentTarget) {
    const { type, timeStamp, detail } = this
    const own = { type, timeStamp, detail, mark, target: plain(target), currentTarget: plain(currentTarget) }
    return Object.assign(Object.create(this) as object, own) as never
  }
}

const settle = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** One page on screen. */
export class OpenPage {
  constructor(
    private readonly root: { getComponent(): glassEasel.GeneralComponent; release(): void },
    readonly caller: PageCaller,
    private readonly host: HTMLElement,
    private readonly leave: (page: OpenPage) => void,
  ) {}

  /** All text a person could read. */
  text(): string {
    return (this.host.textContent ?? '').replace(/\s+/g, ' ').trim()
  }

  /** The rendered markup, for looking at while writing a test. */
  html(): string {
    return this.host.innerHTML
  }

  /** Taps the innermost element that shows exactly this text; the tap bubbles as in WeChat. */
  async tapText(text: string): Promise<void> {
    const found = [...this.host.querySelectorAll<HTMLElement>('*')].filter((node) => node.textContent?.trim() === text)
    const target = found.at(-1)
    if (!target) throw new Error(`nothing on the page says ${text}; it says: ${this.text()}`)
    await this.tapElement(target)
  }

  /** Taps the element with this data-testid. */
  async tap(testid: string): Promise<void> {
    await this.fire(testid, 'tap', {})
  }

  /** Types into the input with this data-testid. */
  async input(testid: string, value: string): Promise<void> {
    await this.fire(testid, 'input', { value })
  }

  /** Triggers any WeChat event with its detail on the element with this data-testid. */
  async fire(testid: string, event: string, detail: object): Promise<void> {
    const element = this.elements().find((item) => item.dataset?.testid === testid)
    if (!element) throw new Error(`no element with data-testid ${testid}`)
    element.triggerEvent(event, detail, { bubbles: event === 'tap', composed: event === 'tap' })
    await settle()
  }

  /** Whether an element with this data-testid is there. */
  has(testid: string): boolean {
    return this.elements().some((item) => item.dataset?.testid === testid)
  }

  /** Comes back to this page from one that lay over it. */
  show(): void {
    this.root.getComponent().triggerPageLifetime('show', [])
    this.caller.onShow?.()
  }

  /** Leaves the page as the back button does. */
  close(): void {
    this.leave(this)
    this.caller.onUnload?.()
    this.root.release()
    this.host.remove()
  }

  private async tapElement(target: HTMLElement): Promise<void> {
    for (let node: HTMLElement | null = target; node && node !== this.host.parentElement; node = node.parentElement) {
      const element = this.elements().find((item) => item.getBackendElement() === (node as unknown))
      if (!element) continue
      element.triggerEvent('tap', {}, { bubbles: true, composed: true })
      await settle()
      return
    }
    throw new Error('the tapped text belongs to no element')
  }

  private elements(): glassEasel.Element[] {
    const found: glassEasel.Element[] = []
    const visit = (node: glassEasel.Node): void => {
      if (!glassEasel.Element.isElement(node)) return
      found.push(node)
      if (glassEasel.Component.isComponent(node)) visit(node.getShadowRoot() as glassEasel.Node)
      node.childNodes.forEach(visit)
    }
    visit(this.root.getComponent())
    return found
  }
}

/**
 * Runs a compiled mini-program with WeChat's own component framework (glass-easel) in a DOM made by jsdom.
 * What it can't tell: the rendering engine's quirks, WeChat's own dialogs, domain lists and package review.
 */
export class MiniProgram {
  readonly double: WxDouble = createWx()
  private readonly env = new MiniProgramEnv()
  private readonly space = this.env.createCodeSpace('app', true)
  private readonly backend = this.env.associateBackend(new glassEasel.CurrentWindowBackendContext())
  private readonly modules = new Map<string, { exports: unknown }>()
  private readonly registered = new Set<string>()
  private readonly stack: OpenPage[] = []
  private readonly config: AppConfig
  private app: Record<string, unknown> = {}
  private current: { Component: Register; Page: Register; Behavior: Register } | undefined

  /** @param folder the build, for example dist/build/mp-weixin */
  constructor(private readonly folder: string) {
    usePlainEvents()
    this.config = this.json<AppConfig>('app')
    // uni-app puts its event handlers on the instance instead of among the declared methods.
    this.space.getComponentSpace().updateComponentOptions({ useMethodCallerListeners: true })
    this.space.getComponentSpace().defineComponent({ is: 'empty' })
    this.load('app.js')
    for (const path of this.pages()) this.register(path)
  }

  /** Paths of all pages, sub-packages included. */
  pages(): string[] {
    const sub = (this.config.subPackages ?? []).flatMap(({ root, pages }) => pages.map((page) => join(root, page)))
    return [...this.config.pages, ...sub]
  }

  /** Starts the app, as WeChat does before the first page. */
  launch(options: { path?: string; query?: Record<string, string>; scene?: number } = {}): void {
    const entry = { path: this.config.pages[0], query: {}, scene: 1001, referrerInfo: {}, ...options }
    for (const name of ['getLaunchOptionsSync', 'getEnterOptionsSync']) this.double.on(name, () => entry)
    this.tell('onLaunch', entry)
    this.tell('onShow', entry)
  }

  /** The app is in sight again. */
  show(options: object = {}): void {
    this.tell('onShow', { scene: 1089, path: '', query: {}, ...options })
  }

  /** The app is out of sight. */
  hide(): void {
    this.tell('onHide', {})
  }

  private tell(name: string, options: object): void {
    const listener = this.app[name] as ((options: object) => void) | undefined
    listener?.call(this.app, options)
  }

  /** Opens a page and waits until it has settled. */
  async open(path: string, query: Record<string, string> = {}): Promise<OpenPage> {
    const host = document.createElement('div')
    const place = document.createElement('div')
    host.append(place)
    document.body.append(host)
    const root = this.backend.createRoot('body', this.space, path)
    const caller = root.get() as unknown as PageCaller
    caller.route = path
    const page = new OpenPage(root, caller, host, (closed) => this.stack.splice(this.stack.indexOf(closed), 1))
    this.stack.push(page)
    root.attach(host as never, place as never)
    caller.onLoad?.(query)
    root.getComponent().triggerPageLifetime('show', [])
    // Components hear of it by their page lifetime, the page itself by its own method.
    caller.onShow?.()
    caller.onReady?.()
    await settle(20)
    return page
  }

  private json<T>(path: string): T {
    return JSON.parse(readFileSync(join(this.folder, `${path}.json`), 'utf8')) as T
  }

  private register(path: string): void {
    if (this.registered.has(path)) return
    this.registered.add(path)
    const config = this.json<PageConfig>(path)
    const using = { ...this.config.usingComponents, ...config.usingComponents }
    const absolute: Record<string, string> = {}
    for (const [tag, target] of Object.entries(using)) {
      const resolved = this.resolve(path, target)
      this.register(resolved)
      absolute[tag] = `/${resolved}`
    }
    this.space.addComponentStaticConfig(path, { ...config, usingComponents: absolute } as never)
    this.space.addCompiledTemplate(path, this.template(path))
    this.space.componentEnv(path, (env) => {
      this.current = env as unknown as NonNullable<typeof this.current>
      this.load(`${path}.js`)
    })
  }

  private resolve(from: string, target: string): string {
    return target.startsWith('/') ? target.slice(1) : normalize(join(dirname(from), target))
  }

  private template(path: string): Template {
    const group = new TmplGroup()
    const problems = group.addTmpl(path, readFileSync(join(this.folder, `${path}.wxml`), 'utf8')) as { isError?: boolean }[]
    if (problems.some((problem) => problem.isError)) throw new Error(`WXML of ${path}: ${JSON.stringify(problems)}`)
    const source = group.getTmplGenObjectGroups()
    group.free()
    const groupList = new Function(`return ${source}`)() as Record<string, never>
    return { groupList, content: groupList[path], fallbackListenerOnNativeNode: true } as unknown as Template
  }

  /** A CommonJS `require` inside the package, with WeChat's globals in scope. */
  private load(file: string): unknown {
    const known = this.modules.get(file)
    if (known) return known.exports
    const path = join(this.folder, file)
    if (!existsSync(path)) throw new Error(`the package has no ${file}`)
    const module = { exports: {} as unknown }
    this.modules.set(file, module)
    const require = (target: string): unknown => this.load(relative(this.folder, join(this.folder, dirname(file), target)))
    const globals: Record<string, unknown> = {
      wx: this.double.wx,
      App: (options: Record<string, unknown>) => (this.app = options),
      Component: (definition: never) => this.current?.Component(definition),
      Page: (definition: never) => this.current?.Page(definition),
      Behavior: (definition: never) => this.current?.Behavior(definition),
      getApp: () => this.app,
      getCurrentPages: () => this.stack.map((page) => page.caller),
      global: {},
    }
    const run = new Function('require', 'module', 'exports', ...Object.keys(globals), readFileSync(path, 'utf8')) as (
      ...args: unknown[]
    ) => void
    run(require, module, module.exports, ...Object.values(globals))
    return module.exports
  }
}
