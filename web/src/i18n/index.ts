import { ref } from 'vue'

import * as buyer from './buyer'
import * as common from './common'
import type * as leader from './leader'
import * as wechat from './wechat'

import { rememberLanguage } from '@/platform/browser'
import { readStored, writeStored } from '@/platform/storage'

export type Locale = 'zh' | 'en'
export type MessageKey = keyof typeof common.zh | keyof typeof buyer.zh | keyof typeof leader.zh | keyof typeof wechat.zh

type Words = Partial<Record<MessageKey, string>>

const dictionaries: Record<Locale, Words> = {
  zh: { ...common.zh, ...buyer.zh, ...wechat.zh },
  en: { ...common.en, ...buyer.en, ...wechat.en },
}

/** Adds the words of an area that not everybody needs; `leader-words.ts` calls it when the first page of a leader is loaded. */
export function addWords(area: Record<Locale, Words>): void {
  Object.assign(dictionaries.zh, area.zh)
  Object.assign(dictionaries.en, area.en)
}

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
  rememberLanguage(next)
}

/** The sentence of a key in the language in use; `{name}` parts are filled from `values`. */
export function t(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
  const text = dictionaries[locale.value][key] ?? key
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** What to tell a person about a failure: the server's own sentence when there is one. */
export function errorText(error: unknown): string {
  if (error instanceof Error && 'messageEn' in error && 'code' in error) {
    return locale.value === 'en' ? String(error.messageEn) : error.message
  }
  return t('common.failed')
}
