import { describe, expect, it } from 'vitest'
import type { Artifact } from './api'
import { chosenFiles, countKinds, formatBytes, isShown, kindOf, newestFirst, shortName, totalBytes } from './files'
import { parseTable, prettyJson } from './tables'
import { crc32, zip, zipNames } from './zip'

const file = (filename: string, mime = 'application/octet-stream', more: Partial<Artifact> = {}): Artifact => ({ id: 1, job_id: null, batch_id: 'b', filename, mime, size_bytes: 10, sha256: null, label: null, meta: null, created_at: '2026-11-20T12:00:00Z', ...more })

describe('a file', () => {
  it.each([
    ['a.png', 'image/png', 'picture'],
    ['a.svg', 'image/svg+xml', 'other'],
    ['a.csv', 'text/csv', 'table'],
    ['a.html', 'text/html', 'page'],
    ['a.zip', 'application/zip', 'archive'],
    ['a.wav', 'audio/x-wav', 'audio'],
    ['a.mp4', 'video/mp4', 'video'],
    ['best.ckpt', 'application/octet-stream', 'checkpoint'],
    ['model.safetensors', 'application/octet-stream', 'checkpoint'],
    ['config.yaml', 'application/octet-stream', 'text'],
    ['train.LOG', 'application/octet-stream', 'text'],
    ['nb.ipynb', 'application/octet-stream', 'json'],
    ['x', 'text/x-anything', 'text'],
    ['x', 'application/octet-stream', 'other'],
  ])('%s of type %s is shown as %s', (name, mime, kind) => {
    expect(kindOf(file(name, mime))).toBe(kind)
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
    expect(newestFirst(files).map((one) => one.id)).toEqual([3, 2, 1])
  })

  it('is shown when the page can, and a film only when it is not too large', () => {
    expect([isShown(file('a.pt')), isShown(file('a.txt')), isShown(file('a.mp4', 'video/mp4')), isShown(file('a.mp4', 'video/mp4', { size_bytes: 1e9 }))]).toEqual([false, true, true, false])
  })

  it('is found by kind, name, label and job', () => {
    const files = [file('plots/loss.png', 'image/png'), file('loss.csv', 'text/csv', { label: 'best' }), file('c.pt', undefined, { job_id: 'vit-1' })]
    const names = (kind: string, text: string) => chosenFiles(files, { kind, text }).map((one) => one.filename)
    expect([names('all', 'LOSS'), names('table', ''), names('all', 'best loss'), names('all', 'vit')]).toEqual([['plots/loss.png', 'loss.csv'], ['loss.csv'], ['loss.csv'], ['c.pt']])
    expect(countKinds(files)).toEqual([
      { kind: 'picture', count: 1 },
      { kind: 'table', count: 1 },
      { kind: 'checkpoint', count: 1 },
    ])
    expect(totalBytes(files)).toBe(30)
  })
})

describe('a table', () => {
  it('is read with quotes, line ends and any usual separator', () => {
    expect(parseTable('a,b\r\n"x, ""y""",2\r\n')).toEqual({ header: ['a', 'b'], rows: [['x, "y"', '2']], more: false })
    expect(parseTable('a\tb\n1\t2').rows).toEqual([['1', '2']])
    expect(parseTable('a;b\n1,5;2').rows).toEqual([['1,5', '2']])
    expect(parseTable('a,b\n"two\nlines",2').rows).toEqual([['two\nlines', '2']])
    expect(parseTable('')).toEqual({ header: [], rows: [], more: false })
  })

  it('ends after its first rows', () => {
    const table = parseTable(`n\n${Array.from({ length: 50 }, (_, at) => at).join('\n')}`, 10)
    expect([table.rows.length, table.more, table.rows.at(-1)]).toEqual([10, true, ['9']])
  })

  it('sets JSON out, and leaves alone what is none', () => {
    expect([prettyJson('{"a":1}'), prettyJson('{"a":')]).toEqual(['{\n  "a": 1\n}', '{"a":'])
  })
})

describe('an archive', () => {
  it('has the check sums that the format asks for', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })

  it('leads out of no folder and has each name once', () => {
    expect(zipNames(['a.txt', '../../a.txt', '/etc/passwd', 'x/../y', '', 'a.txt'])).toEqual(['a.txt', 'a (2).txt', 'etc/passwd', 'x/y', 'file', 'a (3).txt'])
  })

  it('lists its files where its end says', async () => {
    const blob = zip([
      { name: 'a.txt', content: new TextEncoder().encode('hello'), at: new Date(2026, 10, 20, 12, 0, 2) },
      { name: 'b/ü.txt', content: new Uint8Array(), at: new Date(2026, 10, 20) },
    ])
    const view = new DataView(await blob.arrayBuffer())
    const end = view.byteLength - 22
    expect([view.getUint32(0, true), view.getUint32(end, true), view.getUint16(end + 10, true)]).toEqual([0x04034b50, 0x06054b50, 2])
    const directory = view.getUint32(end + 16, true)
    expect([view.getUint32(directory, true), view.getUint32(directory + 16, true), view.getUint32(directory + 24, true)]).toEqual([0x02014b50, crc32(new TextEncoder().encode('hello')), 5])
    expect(directory + view.getUint32(end + 12, true)).toBe(end)
  })
})
