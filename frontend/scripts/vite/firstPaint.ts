// Writes down which files a browser loads before each page paints: dist/.vite/first-paint.json, which
// scripts/bundle-size.mjs adds up. The manifest alone does not tell, as Rollup joins small chunks under a name of one.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin, Rollup } from 'vite'
import { earlyPages, intoHtml } from './earlyPages'
import { wordsOf, WORDS } from './words'

const PAGE = /\/src\/(.*\/pages\/\w+Page\.vue)$/
// The drawing of charts comes once one is seen, on any page.
const AFTERWARDS = 'charts'
const MAIN = fileURLToPath(new URL('../../src/app/main.ts', import.meta.url))

export interface FirstPaint {
  /** What every page needs, but for its messages. */
  shell: string[]
  /** By page: what it needs besides, and by part of it that loads on its own, such as a tab: what that needs besides. */
  pages: Record<string, Load & { parts: Record<string, Load> }>
  // What is fetched beside them before anything is known of the page is in index.html (earlyPages.ts).
}

export interface Load {
  files: string[]
  /** By language the files of what is said, the shell's included. */
  words: Record<string, string[]>
}

const partSource = (file: string | undefined): string => (file ? readFileSync(file, 'utf8') : '')

export function firstPaint(): Plugin {
  return {
    name: 'argus-first-paint',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = new Map(Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one] as const] : [])))
        const home = new Map([...chunks.values()].flatMap((chunk) => chunk.moduleIds.map((id) => [id, chunk] as const)))
        const loaded = (chunk: Rollup.OutputChunk | undefined, before: ReadonlySet<string>, seen = new Set<string>()): Set<string> => {
          if (!chunk || seen.has(chunk.fileName) || before.has(chunk.fileName) || chunk.name === AFTERWARDS) return seen
          seen.add(chunk.fileName)
          for (const name of chunk.imports) loaded(chunks.get(name), before, seen)
          return seen
        }
        const said = (source: string | null | undefined): Load['words'] => {
          const names = new Set([...wordsOf(MAIN), ...(source ? wordsOf(source.replace(/\?.*/, '')) : [])])
          const words: Record<string, Set<string>> = {}
          for (const [id, { fileName }] of home) {
            const [, language, name] = WORDS.exec(id) ?? []
            if (language && name && names.has(name)) (words[language] ??= new Set()).add(fileName)
          }
          return Object.fromEntries(Object.entries(words).map(([language, found]) => [language, [...found]]))
        }
        const shell = loaded([...chunks.values()].find((chunk) => chunk.isEntry && chunk.facadeModuleId?.endsWith('/index.html')), new Set())
        const pages: FirstPaint['pages'] = {}
        for (const [id, chunk] of home) {
          const name = PAGE.exec(id)?.[1]
          if (!name) continue
          const files = loaded(chunk, shell)
          const there = new Set([...shell, ...files])
          const page = (pages[name] = { files: [...files], words: said(id), parts: {} as Record<string, Load> })
          for (const file of files) {
            for (const part of chunks.get(file)?.dynamicImports ?? []) {
              const more = [...loaded(chunks.get(part), there)]
              if (more.length) page.parts[chunks.get(part)?.name ?? part] = { files: more, words: said(chunks.get(part)?.facadeModuleId) }
            }
          }
        }
        const found: FirstPaint = { shell: [...shell], pages }
        this.emitFile({ type: 'asset', fileName: '.vite/first-paint.json', source: JSON.stringify(found, null, 1) })
        const html = bundle['index.html']
        if (html?.type !== 'asset') return
        const sourceOfPart = (name: string): string => partSource([...home.keys()].find((id) => id.endsWith(`/${name}.vue`)))
        html.source = intoHtml(String(html.source), [...chunks.values()].find(({ name, isEntry }) => isEntry && name === 'early'), earlyPages(found, sourceOfPart))
      },
    },
  }
}
