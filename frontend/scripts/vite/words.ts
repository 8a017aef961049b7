// Which messages a part of the app says, read from its sources; and the calls that load them beside its code.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))
const NAMES = new Set(readdirSync(join(SOURCES, 'shared/i18n/en')).map((file) => file.replace('.ts', '')).filter((name) => name !== 'index'))
const LATER = /\bimport\(\s*['"]((?:\.{1,2}|@)\/[^'"]+)['"]\s*\)/g
export const WORDS = /\/shared\/i18n\/(en|zh)\/(\w+)\.ts$/
// Titles in the table of addresses are shown once their pages are there.
const UNREAD = /\/app\/router\.ts$|\/schema\.gen\.ts$|\/shared\/i18n\/(en|zh|words\.ts)/

/** A file that a source names: `@/shared/ui`, `./Page.vue`, `../api`. */
export function fileOf(from: string, name: string): string | null {
  const path = name.startsWith('@/') ? join(SOURCES, name.slice(2)) : resolve(dirname(from), name)
  return [path, `${path}.ts`, join(path, 'index.ts')].find((file) => existsSync(file) && statSync(file).isFile()) ?? null
}

interface Source {
  says: readonly string[]
  imports: readonly string[]
}

const read = new Map<string, Source>()

function sourceOf(file: string): Source {
  const known = read.get(file)
  if (known) return known
  const text = readFileSync(file, 'utf8')
  const says = UNREAD.test(file) ? [] : [...text.matchAll(/['"`](\w+)\./g)].map(([, name]) => name ?? '').filter((name) => NAMES.has(name))
  const named = [...text.matchAll(/(?:^|\n|;)\s*(?:import|export)\s(?:[^'"]*?\sfrom\s+)?'((?:\.{1,2}|@)\/[^']+)'/g)].map(([, name]) => fileOf(file, name ?? ''))
  const source = { says, imports: named.filter((name) => name !== null && /\.(ts|vue)$/.test(name)) as string[] }
  read.set(file, source)
  return source
}

/** The names of the messages that a file and all that it imports at once may say. Too many do no harm, too few would. */
export function wordsOf(file: string, seen = new Set<string>(), names = new Set<string>()): Set<string> {
  if (seen.has(file)) return names
  seen.add(file)
  const { says, imports } = sourceOf(file)
  for (const name of says) names.add(name)
  for (const next of imports) wordsOf(next, seen, names)
  return names
}

/** The messages of the shell, which are there before anything is shown. */
const SHELL = wordsOf(join(SOURCES, 'app/main.ts'))
const TOGETHER: Record<string, readonly string[]> = {
  lists: ['batches', 'jobs', 'listing', 'marks', 'runs', 'views'],
  looks: ['artifacts', 'batchpage', 'charts', 'crash', 'diff', 'logs', 'matrix'],
  account: ['auth', 'identity', 'settings', 'shares', 'tokens'],
}

/** Messages that are needed together come together: a page asks for a few files, not for thirty. */
export function chunkOfWords(id: string): string | undefined {
  const [, language, name] = WORDS.exec(id) ?? []
  if (!language || !name || name === 'index') return undefined
  const group = SHELL.has(name) ? 'shell' : (Object.entries(TOGETHER).find(([, names]) => names.includes(name))?.[0] ?? name)
  return `words-${language}-${group}`
}

export function splitWords(): Plugin {
  let isBuild = false
  return {
    name: 'argus-words',
    config: (_, { command }) => {
      isBuild = command === 'build'
      return { define: { __WORDS_OF_SHELL__: JSON.stringify(isBuild ? [...SHELL] : []) } }
    },
    // After Vue and TypeScript, before Vite gives each import() its preloads.
    transform(source, id) {
      if (!isBuild || !id.startsWith(SOURCES) || id.includes('/i18n/')) return null
      let isChanged = false
      const code = source.replace(LATER, (whole, name: string) => {
        const file = fileOf(id.replace(/\?.*/, ''), name)
        const names = file ? [...wordsOf(file)].filter((one) => !SHELL.has(one)) : []
        isChanged ||= names.length > 0
        return names.length ? `__withWords(${whole}, ${JSON.stringify(names)})` : whole
      })
      return isChanged ? { code: `import { withWords as __withWords } from '@/shared/i18n/words'\n${code}`, map: null } : null
    },
  }
}
