import { expect, it } from 'vitest'
import { safeRedirect } from './redirect'

it.each([
  ['/batches?status=failed', '/batches?status=failed'],
  ['/', '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  [undefined, '/'],
])('after signing in, %s leads to %s', (target, path) => {
  expect(safeRedirect(target)).toBe(path)
})
