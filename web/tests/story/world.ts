import { Phone, type Choices, type Server, type WechatSide } from '../mp/phone'

function given(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this by tests/browser/test_miniprogram.py`)
  return value
}

/** The stamped package, and where the real server and the simulator of WeChat listen. */
export const PACKAGE = given('YT_PACKAGE')
export const ORIGIN = given('YT_ORIGIN')
export const SIMULATOR = given('YT_SIMULATOR')
export const PICTURE = given('YT_PICTURE')

const server: Server = async ({ method, path, headers, body }) => {
  const answer = await fetch(ORIGIN + path, { method, headers, ...(body === undefined ? {} : { body: body as BodyInit }) })
  const text = await answer.text()
  try {
    return { status: answer.status, body: JSON.parse(text) as unknown }
  } catch {
    // Pictures and sheets; the app looks at the status alone.
    return { status: answer.status, body: text }
  }
}

/** The simulator's control API. */
export async function control(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${SIMULATOR}/_sim${path}`, { method, ...(body ? { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } } : {}) })
  const text = await answer.text()
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${text}`)
  return JSON.parse(text) as unknown
}

/** The cashier as the pay sheet is: it checks the signature, shows the sum, and takes the person's answer. */
async function cashier(appId: string, person: string, params: Readonly<Record<string, string>>, how: Choices['pay']): Promise<void> {
  const sheet = await fetch(`${SIMULATOR}/cashier/jsapi?${new URLSearchParams({ appId, ...params })}`)
  const page = await sheet.text()
  if (sheet.status !== 200) throw new Error(`the pay sheet does not open: ${page.replace(/<[^>]*>/g, ' ').slice(0, 300)}`)
  const prepay = params.package?.replace('prepay_id=', '') ?? ''
  const form = new URLSearchParams({ prepay_id: prepay, way: 'jsapi', person, result: how })
  const done = await fetch(`${SIMULATOR}/cashier/act`, { method: 'POST', body: form, redirect: 'manual' })
  if (done.status !== 303) throw new Error(`the cashier answered ${done.status}`)
}

function wechatOf(person: string, phoneNumber: string): WechatSide {
  const code = async (kind: 'login' | 'phone'): Promise<{ code: string; appid: string }> =>
    (await control('POST', '/js_codes', { user: person, kind, ...(kind === 'phone' ? { phone: phoneNumber } : {}) })) as { code: string; appid: string }
  return {
    code: async (kind) => (await code(kind)).code,
    pay: async (params, how) => cashier((await code('login')).appid, person, params, how),
    consent: async (template) => void (await control('POST', '/consents', { user: person, template_id: template })),
  }
}

/** A phone of this person of the simulator, with the stamped package and the real server. */
export function phoneOf(person: string, phoneNumber = ''): Phone {
  return new Phone(PACKAGE, ORIGIN, server, wechatOf(person, phoneNumber))
}
