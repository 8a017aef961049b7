// A build does not bring every message with the first page: what a page or a part of it says loads beside its code, in the
// one language that is in use. scripts/vite/words.ts writes the calls. In development and in tests all is there at once.
import { i18n, present, type Locale } from './locale'

type Messages = Record<string, unknown>
const FOLDERS: Record<Locale, string> = { 'en-US': 'en', 'zh-CN': 'zh' }
const files = import.meta.glob<Messages>(['./{en,zh}/*.ts', '!./{en,zh}/index.ts'], { import: 'default' })

const needed = new Set<string>(__WORDS_OF_SHELL__)
const there = new Map<string, Promise<void>>()

function one(locale: Locale, name: string): Promise<void> {
  const path = `./${FOLDERS[locale]}/${name}.ts`
  const begun = there.get(path)
  if (begun) return begun
  const coming = (files[path]?.() ?? Promise.resolve({})).then((messages) => i18n.global.mergeLocaleMessage(locale, { [name]: messages } as never))
  there.set(path, coming)
  // Asked for again after a connection that broke.
  coming.catch(() => there.delete(path))
  return coming
}

/** All that the page needed so far, in another language. */
export const wordsIn = (locale: Locale): Promise<unknown> => Promise.all([...needed].map((name) => one(locale, name)))

/** A module together with the messages of its parts: `withWords(import('./Page.vue'), ['jobs', 'runs'])`. */
export async function withWords<T>(module: Promise<T>, names: readonly string[]): Promise<T> {
  for (const name of names) needed.add(name)
  const locale = present.value
  const [found] = await Promise.all([module, ...names.map((name) => one(locale, name))])
  // Meanwhile the reader may have chosen the other language.
  if (locale !== present.value) await wordsIn(present.value)
  return found
}

// What the sources did not tell still comes, a moment after it was looked for: what is shown follows the messages.
if (__MESSAGES_ARE_COMPILED__) {
  i18n.global.setMissingHandler((locale, key) => {
    const name = key.split('.', 1)[0] ?? ''
    if (locale !== present.value || !files[`./${FOLDERS[present.value]}/${name}.ts`]) return
    needed.add(name)
    void one(present.value, name).catch(() => undefined)
  })
}
