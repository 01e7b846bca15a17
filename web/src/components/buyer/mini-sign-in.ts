import { ApiError, api } from '@/api/http'
import { wechatLogin } from '@/platform/login'

let running: Promise<string> | null = null

async function exchange(): Promise<string> {
  const outcome = await wechatLogin('')
  if (outcome.kind !== 'code') return ''
  return (await api.post('/api/auth/mini', { body: { js_code: outcome.code }, auth: 'quiet' })).token ?? ''
}

async function signIn(): Promise<string> {
  try {
    return await exchange()
  } catch (error) {
    // The code lived its five minutes, or a lost answer had used it up: WeChat gives another one for nothing.
    if (!(error instanceof ApiError) || (error.code !== 'wechat_code_invalid' && !error.isNetwork)) throw error
    return exchange()
  }
}

/**
 * Signs in with WeChat in the mini-program and answers the session's token. A code works once, so each try takes a fresh one, and
 * who asks while a sign-in is under way gets the same session. Throws ApiError.
 */
export function miniSignIn(): Promise<string> {
  running ??= signIn().finally(() => (running = null))
  return running
}
