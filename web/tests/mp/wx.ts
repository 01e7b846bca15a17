import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** One recorded call of a `wx.*` function. */
export interface WxCall {
  readonly name: string
  readonly args: readonly unknown[]
}

export type WxHandler = (...args: never[]) => unknown

interface Callbacks {
  success?: (answer: object) => void
  fail?: (cause: object) => void
  complete?: (answer: object) => void
}

// Documented with order management, but not yet in the typings.
const NEWER = ['openBusinessView'] as const

const UPDATES = { onCheckForUpdate: () => undefined, onUpdateReady: () => undefined, onUpdateFailed: () => undefined, applyUpdate: () => undefined }

/** Names of all functions WeChat documents, so that a call to one that does not exist fails the test. */
function documentedNames(): string[] {
  const file = resolve('node_modules/miniprogram-api-typings/types/wx/lib.wx.api.d.ts')
  const text = readFileSync(file, 'utf8')
  const body = text.slice(text.indexOf('    interface Wx {'))
  return [...new Set([...body.matchAll(/^ {8}([a-zA-Z]\w*)[<(]/gm)].map((match) => match[1] ?? '')), ...NEWER]
}

const SYSTEM = {
  SDKVersion: '3.8.12',
  brand: 'devtools',
  model: 'iPhone 15',
  pixelRatio: 3,
  platform: 'devtools',
  language: 'zh_CN',
  system: 'iOS 17.0',
  version: '8.0.50',
  screenWidth: 390,
  screenHeight: 844,
  windowWidth: 390,
  windowHeight: 844,
  statusBarHeight: 47,
  safeArea: { left: 0, right: 390, top: 47, bottom: 810, width: 390, height: 763 },
}

/** Answers that return a value at once. Everything else succeeds with an empty answer. */
function synchronous(storage: Map<string, unknown>): Record<string, WxHandler> {
  return {
    getSystemInfoSync: () => SYSTEM,
    getDeviceInfo: () => SYSTEM,
    getWindowInfo: () => SYSTEM,
    getAppBaseInfo: () => SYSTEM,
    getSystemSetting: () => ({}),
    getAppAuthorizeSetting: () => ({}),
    getMenuButtonBoundingClientRect: () => ({ top: 51, bottom: 83, left: 283, right: 376, width: 93, height: 32 }),
    getStorageSync: ((key: string) => storage.get(key) ?? '') as WxHandler,
    setStorageSync: ((key: string, value: unknown) => void storage.set(key, value)) as WxHandler,
    removeStorageSync: ((key: string) => void storage.delete(key)) as WxHandler,
    getLaunchOptionsSync: () => ({ path: '', query: {}, scene: 1001, referrerInfo: {} }),
    getEnterOptionsSync: () => ({ path: '', query: {}, scene: 1001, referrerInfo: {} }),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'touristappid', envVersion: 'develop' } }),
    canIUse: () => true,
    getUpdateManager: () => UPDATES,
    // No server unless the test brings one.
    request: ((options: Callbacks) => options.fail?.({ errMsg: 'request:fail no server in this test' })) as WxHandler,
  }
}

export interface WxDouble {
  /** The object the mini-program sees as `wx`. */
  readonly wx: Record<string, unknown>
  readonly calls: WxCall[]
  /** As if somebody had signed in before on this phone. */
  signIn(): void
  /** Gives a function its own behaviour; an option-style one may call `options.success(…)` itself. */
  on(name: string, handler: WxHandler): void
}

/** A `wx` that knows exactly the documented functions, records every call and lets a test answer. */
export function createWx(): WxDouble {
  const calls: WxCall[] = []
  const storage = new Map<string, unknown>()
  const handlers = new Map<string, WxHandler>(Object.entries(synchronous(storage)))
  const wx: Record<string, unknown> = { env: { USER_DATA_PATH: 'wxfile://usr' } }
  const succeed = (options: Callbacks | undefined): void => {
    queueMicrotask(() => {
      options?.success?.({ errMsg: 'ok' })
      options?.complete?.({ errMsg: 'ok' })
    })
  }
  for (const name of documentedNames()) {
    wx[name] = (...args: never[]): unknown => {
      calls.push({ name, args })
      const handler = handlers.get(name)
      if (handler) return handler(...args)
      if (name.startsWith('on') || name.startsWith('off') || name.endsWith('Sync')) return undefined
      succeed(args[0] as Callbacks | undefined)
      return {}
    }
  }
  return { wx, calls, signIn: () => void storage.set('yt.token', 'token'), on: (name, handler) => void handlers.set(name, handler) }
}
