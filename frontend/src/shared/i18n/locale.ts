// The one instance of vue-i18n, and its two languages.
import type { Ref } from 'vue'
import { createI18n } from 'vue-i18n'
import en from './en'
import type { Locale } from './preferred'

export type { Locale }
export const LOCALES: readonly Locale[] = ['en-US', 'zh-CN']

export const i18n = createI18n({
  legacy: false,
  locale: 'en-US' as Locale,
  fallbackLocale: 'en-US',
  messages: (__MESSAGES_ARE_COMPILED__ ? { 'en-US': {} } : { 'en-US': en }) as Record<string, typeof en>,
  // What a build left as text has nothing to fill in.
  messageCompiler: __MESSAGES_ARE_COMPILED__ ? (text) => () => text as string : undefined,
})

/** The language that is read now. */
export const present = i18n.global.locale as unknown as Ref<Locale>
