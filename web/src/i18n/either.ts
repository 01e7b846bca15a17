import { locale } from './index'

/** A text the server gives in both languages, in the one in use; Chinese where there is no English. */
export function either(zh: string, en: string | null | undefined): string {
  return locale.value === 'en' && en ? en : zh
}
