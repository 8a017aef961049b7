// Which language is read, and how it changes.
import { setRequestLanguage } from '@/api/client'
import { readStored, writeStored } from '@/shared/browser/storage'
import { i18n, present, type Locale } from './locale'
import { LOCALE_KEY } from './preferred'
import { wordsIn } from './words'

export { i18n, LOCALES, type Locale } from './locale'
export { preferredLocale } from './preferred'

export const hasChosenLocale = (): boolean => readStored(LOCALE_KEY) !== null

export async function setLocale(locale: Locale, remember = true): Promise<void> {
  if (__MESSAGES_ARE_COMPILED__) await wordsIn(locale)
  else if (!i18n.global.availableLocales.includes(locale)) i18n.global.setLocaleMessage(locale, (await import('./zh')).default)
  present.value = locale
  document.documentElement.lang = locale
  setRequestLanguage(locale)
  if (remember) writeStored(LOCALE_KEY, locale)
}
