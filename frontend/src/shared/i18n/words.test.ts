// @vitest-environment node
// What a build loads with a part of the app is read from the sources: it must hold all that the part can say.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chunkOfWords, fileOf, splitWords, wordsOf } from '../../../scripts/vite/words'

const src = join(import.meta.dirname, '../..')

describe('the messages of a part of the app', () => {
  it('are those that its files name, and the files that they import', () => {
    const names = wordsOf(join(src, 'features/batches/components/BatchActions.vue'))
    expect([...names]).toEqual(expect.arrayContaining(['batchpage', 'runs', 'marks', 'errors', 'common']))
  })

  it('are not those of what loads later', () => {
    const names = wordsOf(join(src, 'features/admin/pages/AdminPage.vue'))
    expect(names.has('admin')).toBe(true)
    expect(names.has('identity')).toBe(false)
  })

  it('leave the pages out of what the shell says', () => {
    const names = wordsOf(join(src, 'app/main.ts'))
    expect(names.has('shell')).toBe(true)
    expect(['admin', 'studies', 'compare', 'batchpage'].filter((name) => names.has(name))).toEqual([])
  })

  it('are found behind an alias, a folder and a file without its ending', () => {
    const from = join(src, 'features/jobs/pages/JobPage.vue')
    expect([fileOf(from, '@/features/logs'), fileOf(from, '../api'), fileOf(from, '../components/JobFacts.vue'), fileOf(from, '../nothing')]).toEqual([
      join(src, 'features/logs/index.ts'),
      join(src, 'features/jobs/api.ts'),
      join(src, 'features/jobs/components/JobFacts.vue'),
      null,
    ])
  })

  it('come in one file for a page, apart by language', () => {
    const of = (name: string): string | undefined => chunkOfWords(join(src, `shared/i18n/${name}.ts`))
    expect([of('en/jobs'), of('en/runs'), of('zh/runs'), of('en/shell'), of('en/index'), chunkOfWords(join(src, 'app/main.ts'))]).toEqual(['words-en-lists', 'words-en-lists', 'words-zh-lists', 'words-en-shell', undefined, undefined])
  })
})

describe('a build of the app', () => {
  it('loads the messages of what an import() brings beside it', () => {
    const plugin = splitWords() as unknown as { config: (config: object, env: object) => void; transform: (source: string, id: string) => { code: string } | null }
    plugin.config({}, { command: 'build' })
    // As esbuild leaves it, and as it is written.
    for (const quote of ['"', "'"]) {
      const given = `export const load = () => import(${quote}./components/BatchActions.vue${quote})`
      const code = plugin.transform(given, join(src, 'features/batches/index.ts'))?.code
      expect(code).toMatch(/__withWords\(import\(.\.\/components\/BatchActions\.vue.\), \[.*"batchpage".*\]\)/)
    }
    plugin.config({}, { command: 'serve' })
    expect(plugin.transform(`import('./components/BatchActions.vue')`, join(src, 'features/batches/index.ts'))).toBeNull()
  })
})
