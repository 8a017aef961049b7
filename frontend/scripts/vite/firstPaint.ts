// Writes down which files a browser loads before each page paints: dist/.vite/first-paint.json, which
// scripts/bundle-size.mjs adds up. The manifest alone does not tell, as Rollup joins small chunks under a name of one.
import type { OutputChunk } from 'rollup'
import type { Plugin } from 'vite'

const PAGE = /\/src\/(.*\/pages\/\w+Page\.vue)$/
// The drawing of charts comes once one is seen, on any page.
const AFTERWARDS = 'charts'

export interface FirstPaint {
  /** What every page needs. */
  shell: string[]
  /** By page: what it needs besides, and by part of it that loads on its own, such as a tab: what that needs besides. */
  pages: Record<string, { files: string[]; parts: Record<string, string[]> }>
}

export function firstPaint(): Plugin {
  return {
    name: 'argus-first-paint',
    apply: 'build',
    generateBundle(_, bundle) {
      const chunks = new Map(Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one] as const] : [])))
      const home = new Map([...chunks.values()].flatMap((chunk) => chunk.moduleIds.map((id) => [id, chunk] as const)))
      const loaded = (chunk: OutputChunk | undefined, before: ReadonlySet<string>, seen = new Set<string>()): Set<string> => {
        if (!chunk || seen.has(chunk.fileName) || before.has(chunk.fileName) || chunk.name === AFTERWARDS) return seen
        seen.add(chunk.fileName)
        for (const name of chunk.imports) loaded(chunks.get(name), before, seen)
        return seen
      }
      const shell = loaded([...chunks.values()].find((chunk) => chunk.isEntry && chunk.facadeModuleId?.endsWith('/index.html')), new Set())
      const pages: FirstPaint['pages'] = {}
      for (const [id, chunk] of home) {
        const name = PAGE.exec(id)?.[1]
        if (!name) continue
        const files = loaded(chunk, shell)
        const there = new Set([...shell, ...files])
        pages[name] = { files: [...files], parts: {} }
        for (const file of files) {
          for (const part of chunks.get(file)?.dynamicImports ?? []) {
            const more = [...loaded(chunks.get(part), there)]
            if (more.length) pages[name].parts[chunks.get(part)?.name ?? part] = more
          }
        }
      }
      this.emitFile({ type: 'asset', fileName: '.vite/first-paint.json', source: JSON.stringify({ shell: [...shell], pages } satisfies FirstPaint, null, 1) })
    },
  }
}
