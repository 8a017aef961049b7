import { describe, expect, it } from 'vitest'
import type { Artifact } from './api'
import { formatBytes, kindOf, newestFirst, shortName } from './files'

describe('a file', () => {
  it.each([
    ['image/png', 'picture'],
    ['image/svg+xml', 'other'],
    ['text/csv', 'table'],
    ['text/html', 'text'],
    ['application/zip', 'archive'],
    ['application/octet-stream', 'other'],
  ])('of type %s is shown as %s', (mime, kind) => {
    expect(kindOf(mime)).toBe(kind)
  })

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [52_428_800, '50.0 MiB'],
    [209_715_200, '200 MiB'],
    [5e15, '4547 TiB'],
  ])('of %d bytes is said to have %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it('is named without its folders', () => {
    expect([shortName('plots/a.png'), shortName('C:\\runs\\b.csv'), shortName('/')]).toEqual(['a.png', 'b.csv', '/'])
  })

  it('that came last stands first', () => {
    const files = [{ id: 1 }, { id: 3 }, { id: 2 }] as Artifact[]
    expect(newestFirst(files).map((file) => file.id)).toEqual([3, 2, 1])
  })
})
