// Writes into index.html which files each address needs (src/app/early/paths.ts reads it), and has src/app/early run first.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Rollup } from 'vite'
import type { EarlyPage, EarlyPages } from '../../src/app/early/paths'
import type { FirstPaint, Load } from './firstPaint'

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))
const ROUTE = /path: '([^']+)'.*?import\('@\/([^']+)'\)/g
const PANELS = /const PANELS = \{([\s\S]*?)\n\}/
const PANEL = /(\w+): (?:asyncPanel\(\(\) => import\('([^']+)'\)|(\w+),)/g

/** `/batches/:batchId` and `/settings/:section(profile|tokens)` as regular expressions. */
export function patternOf(path: string): string {
  return path.replace(/[.+?^${}[\]\\]/g, '\\$&').replace(/:\w+(\([^)]*\))?\*?/g, (_, choices?: string) => choices ?? '[^/]+')
}

/** By tab of a page the name of the component that stands behind it. */
export function panelsOf(source: string): Record<string, string> {
  const [, inside = ''] = PANELS.exec(source) ?? []
  return Object.fromEntries([...`${inside}\n`.matchAll(PANEL)].map(([, tab = '', file, name]) => [tab, name ?? file?.replace(/^.*\/|\.vue$/g, '') ?? '']))
}

const sourceOf = (file: string): string => readFileSync(`${SOURCES}/${file}`, 'utf8')

export function earlyPages({ shell, pages }: FirstPaint, sourceOfPart: (name: string) => string): Omit<EarlyPages, 'app'> {
  const files: string[] = []
  const place = (file: string): number => (files.includes(file) ? files.indexOf(file) : files.push(file) - 1)
  const places = (found: readonly string[]): number[] => [...new Set(found)].filter((file) => !shell.includes(file)).map(place)
  const table: EarlyPage[] = []
  for (const [, path = '', file = ''] of sourceOf('app/router.ts').matchAll(ROUTE)) {
    const page = pages[file]
    if (!page || path.includes('*')) continue
    // A panel may hold others that load on their own: what it names comes along.
    const whole = (name: string): Load[] => Object.entries(page.parts).flatMap(([part, load]) => (part === name || new RegExp(`<${part}\\b`).test(sourceOfPart(name)) ? [load] : []))
    const tabs = Object.entries(panelsOf(sourceOf(file))).map(([tab, name]) => [tab, places(whole(name).flatMap((load) => load.files))])
    table.push({
      path: patternOf(path),
      needs: places(page.files),
      words: Object.fromEntries(Object.entries(page.words).map(([language, said]) => [language, places(said)])),
      tabs: Object.fromEntries(tabs) as EarlyPage['tabs'],
    })
  }
  return { files, pages: table }
}

/** The app's own script becomes a preload: what runs early starts it, once its first question is on the way. */
export function intoHtml(html: string, early: Rollup.OutputChunk | undefined, table: Omit<EarlyPages, 'app'>): string {
  if (!early) return html
  return html.replace(/(\s*)<script type="module" crossorigin src="\/([^"]+)"><\/script>/, (_, space: string, app: string) => {
    const data = JSON.stringify({ app, ...table } satisfies EarlyPages).replaceAll('<', '\\u003c')
    return [
      `<script type="application/json" id="early-pages">${data}</script>`,
      `<script type="module" crossorigin async src="/${early.fileName}"></script>`,
      `<link rel="modulepreload" crossorigin href="/${app}">`,
    ].map((line) => space + line).join('')
  })
}
