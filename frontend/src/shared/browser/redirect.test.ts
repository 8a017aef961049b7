import { expect, it } from 'vitest'
import { safeRedirect } from './redirect'

it.each([
  '/',
  '/batches?status=failed',
  '/batches/a%2Fb/jobs/c?tab=curves#top',
  '/%2F/evil.example',
  '/%2Fevil.example',
  '/%5Cevil.example',
  '/batches?next=//evil.example',
  '/projects/%E8%A7%86%E8%A7%89',
  '/@evil.example',
  '/evil.example',
])('after signing in, %s leads there', (target) => {
  expect(safeRedirect(target)).toBe(target)
})

it.each([
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '\u0000//evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/.%2E//evil.example',
  'https://evil.example',
  'https:evil.example',
  'HTTPS://evil.example',
  '//evil.example@here.invalid',
  'javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,x',
  'evil.example',
  '.evil.example',
  '\u2215\u2215evil.example',
  '\uff0f\uff0fevil.example',
  '/batches\u0000',
  '',
  undefined,
  null,
  ['/batches'],
  17,
])('after signing in, %j leads home', (target) => {
  expect(safeRedirect(target)).toBe('/')
})

it('never leads to another origin, whatever is put together', () => {
  const pieces = ['/', '\\', '.', '..', '%2f', '%5c', '\t', '\n', '@', ':', '?', '#', 'evil.example', 'https:', ' ', '\uff0f']
  for (const a of pieces) {
    for (const b of pieces) {
      for (const c of pieces) {
        for (const target of [`/${a}${b}${c}evil.example`, `${a}${b}${c}evil.example`]) {
          const path = safeRedirect(target)
          expect(new URL(path, 'https://argus.lab').origin, JSON.stringify(target)).toBe('https://argus.lab')
          expect(path.startsWith('//'), JSON.stringify(target)).toBe(false)
        }
      }
    }
  }
})
