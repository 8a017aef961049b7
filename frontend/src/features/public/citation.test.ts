import { describe, expect, it } from 'vitest'
import { bibtex } from './citation'

const cited = { title: 'vision/resnet_baseline', project: 'vision', author: 'ada', at: Date.UTC(2026, 10, 20), url: 'https://argus.lab/public/x' }
const NOW = Date.UTC(2026, 10, 26)

describe('a citation', () => {
  it('names what, whose, when and where', () => {
    expect(bibtex(cited, NOW)).toBe(
      `@misc{ada-vision-vision-resnet-baseline-2026,
  title = {{vision/resnet\\_baseline}},
  author = {ada},
  year = {2026},
  howpublished = {\\url{https://argus.lab/public/x}},
  note = {Project vision, recorded with Argus, accessed 2026-11-26}
}`,
    )
  })

  it('leaves out what is not known, and keeps signs of TeX as text', () => {
    const entry = bibtex({ ...cited, author: null, at: null, title: '100% {a} $x^2$ \\end' }, NOW)
    expect(entry).not.toContain('author')
    expect(entry).not.toContain('year')
    expect(entry).toContain('title = {{100\\% \\{a\\} \\$x\\^{}2\\$ \\textbackslash{}end}}')
    expect(entry).toMatch(/^@misc\{[a-z0-9-]+,/)
  })
})
