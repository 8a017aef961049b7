// Which language is read, and how it changes.
import { setRequestLanguage } from '@/api/client'
import { readStored, writeStored } from '@/shared/browser/storage'
import { i18n, present, type Locale } from './locale'
import { wordsIn } from './words'

export { i18n, LOCALES, type Locale } from './locale'
const KEY = 'locale'

export function preferredLocale(stored = readStored(KEY), languages: readonly string[] = navigator.languages): Locale {
  if (stored === 'en-US' || stored === 'zh-CN') return stored
  const first = languages.find((language) => /^(en|zh)\b/i.test(language)) ?? 'en'
  return /^zh/i.test(first) ? 'zh-CN' : 'en-US'
}

export const hasChosenLocale = (): boolean => readStored(KEY) !== null

export async function setLocale(locale: Locale, remember = true): Promise<void> {
  if (__MESSAGES_ARE_COMPILED__) await wordsIn(locale)
  else if (!i18n.global.availableLocales.includes(locale)) i18n.global.setLocaleMessage(locale, (await import('./zh')).default)
  present.value = locale
  document.documentElement.lang = locale
  setRequestLanguage(locale)
  if (remember) writeStored(KEY, locale)
}
