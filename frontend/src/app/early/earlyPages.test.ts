// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { intoHtml, panelsOf, patternOf } from '../../../scripts/vite/earlyPages'

describe('the table of early files', () => {
  it.each([
    ['/', '/', '/batches'],
    ['/batches/:batchId', '/batches/a%2Fb', '/batches/a/jobs/b'],
    ['/batches/:batchId/jobs/:jobId', '/batches/a/jobs/b', '/batches/a'],
    ['/settings/:section(profile|tokens)', '/settings/tokens', '/settings/other'],
  ])('%s leads to %s and not to %s', (path, there, elsewhere) => {
    const pattern = new RegExp(`^${patternOf(path)}$`)
    expect([pattern.test(there), pattern.test(elsewhere)]).toEqual([true, false])
  })

  it('reads what stands behind the tabs of a page', () => {
    const source = "const PANELS = {\n  overview: asyncPanel(() => import('../components/JobOverview.vue')),\n  log: LogViewer,\n}\n"
    expect(panelsOf(source)).toEqual({ overview: 'JobOverview', log: 'LogViewer' })
    expect(panelsOf('const tabs = {}')).toEqual({})
  })

  it('stands before the app, which it starts, and is data', () => {
    const html = '<title>Argus</title>\n    <script type="module" crossorigin src="/assets/main.js"></script>'
    const written = intoHtml(html, { fileName: 'assets/early.js' } as Parameters<typeof intoHtml>[1], { files: ['</script>'], pages: [] })
    expect(written.match(/<script[^>]* src="[^"]*"/g)).toEqual(['<script type="module" crossorigin async src="/assets/early.js"'])
    expect(written).toContain('<script type="application/json" id="early-pages">{"app":"assets/main.js","files":["\\u003c/script>"],"pages":[]}</script>')
    expect(written).toContain('<link rel="modulepreload" crossorigin href="/assets/main.js">')
  })
})
