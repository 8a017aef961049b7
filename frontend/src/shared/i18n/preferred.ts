// The language to begin with: the chosen one, else the first of the browser's that Argus speaks.
import { readStored } from '@/shared/browser/storage'

export type Locale = 'en-US' | 'zh-CN'
export const LOCALE_KEY = 'locale'

export function preferredLocale(stored = readStored(LOCALE_KEY), languages: readonly string[] = navigator.languages): Locale {
  if (stored === 'en-US' || stored === 'zh-CN') return stored
  const first = languages.find((language) => /^(en|zh)\b/i.test(language)) ?? 'en'
  return /^zh/i.test(first) ? 'zh-CN' : 'en-US'
}
