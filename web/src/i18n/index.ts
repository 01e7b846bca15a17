import { ref } from 'vue'

import * as buyer from './buyer'
import * as common from './common'
import * as leader from './leader'
import * as wechat from './wechat'

import { readStored, writeStored } from '@/platform/storage'

const dictionaries = {
  zh: { ...common.zh, ...buyer.zh, ...leader.zh, ...wechat.zh },
  en: { ...common.en, ...buyer.en, ...leader.en, ...wechat.en },
}

export type Locale = keyof typeof dictionaries
export type MessageKey = keyof typeof dictionaries.zh

/** The language in use; reactive, so a switch repaints. Chinese unless the person chose otherwise. */
export const locale = ref<Locale>(readStored('locale') === 'en' ? 'en' : 'zh')

/** Whether there is a sentence for a key put together from data, for example a state's name. */
export function isMessageKey(key: string): key is MessageKey {
  return key in dictionaries.zh
}

/** Switches the language and remembers it. */
export function setLocale(next: Locale): void {
  locale.value = next
  writeStored('locale', next)
}

/** The sentence of a key in the language in use; `{name}` parts are filled from `values`. */
export function t(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
  const text: string = dictionaries[locale.value][key]
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** What to tell a person about a failure: the server's own sentence when there is one. */
export function errorText(error: unknown): string {
  if (error instanceof Error && 'messageEn' in error && 'code' in error) {
    return locale.value === 'en' ? String(error.messageEn) : error.message
  }
  return t('common.failed')
}
