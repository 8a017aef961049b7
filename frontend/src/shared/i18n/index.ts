// The two languages. English is in the first bundle; Chinese loads when it is asked for.
import { createI18n } from 'vue-i18n'
import { setRequestLanguage } from '@/api/client'
import { readStored, writeStored } from '@/shared/browser/storage'
import en from './en'

export const LOCALES = ['en-US', 'zh-CN'] as const
export type Locale = (typeof LOCALES)[number]
const KEY = 'locale'

export const i18n = createI18n({
  legacy: false,
  locale: 'en-US' as Locale,
  fallbackLocale: 'en-US',
  messages: { 'en-US': en } as Record<string, typeof en>,
  // What a build left as text has nothing to fill in.
  messageCompiler: __MESSAGES_ARE_COMPILED__ ? (text) => () => text as string : undefined,
})

export function preferredLocale(stored = readStored(KEY), languages: readonly string[] = navigator.languages): Locale {
  if (stored === 'en-US' || stored === 'zh-CN') return stored
  const first = languages.find((language) => /^(en|zh)\b/i.test(language)) ?? 'en'
  return /^zh/i.test(first) ? 'zh-CN' : 'en-US'
}

export const hasChosenLocale = (): boolean => readStored(KEY) !== null

export async function setLocale(locale: Locale, remember = true): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale)) {
    const messages = await import('./zh')
    i18n.global.setLocaleMessage(locale, messages.default)
  }
  ;(i18n.global.locale as unknown as { value: Locale }).value = locale
  document.documentElement.lang = locale
  setRequestLanguage(locale)
  if (remember) writeStored(KEY, locale)
}
