import { describe, expect, it } from 'vitest'
import { filesOf, type EarlyPages } from './paths'

const TABLE: EarlyPages = {
  app: 'main.js',
  files: ['page.js', 'en.js', 'zh.js', 'first.js', 'second.js', 'home.js'],
  pages: [
    { path: '/', needs: [5], words: {}, tabs: {} },
    { path: '/batches/[^/]+', needs: [0], words: { en: [1], zh: [2] }, tabs: { matrix: [3], curves: [4, 0] } },
  ],
}

describe('what is fetched early', () => {
  it.each([
    ['/', null, 'en', ['home.js']],
    ['/batches/a', null, 'en', ['page.js', 'en.js', 'first.js']],
    ['/batches/a', 'curves', 'zh', ['page.js', 'zh.js', 'second.js']],
    ['/batches/a', 'no such tab', 'en', ['page.js', 'en.js', 'first.js']],
    ['/batches/a/jobs/b', null, 'en', []],
  ])('at %s with tab %s in %s', (path, tab, language, files) => {
    expect(filesOf(TABLE, path, tab, language)).toEqual(files)
  })
})
