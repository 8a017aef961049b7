import { describe, expect, it } from 'vitest'
import { cellsOf, isSame, type Manner } from './cells'
import { ofJob, type FoundJob, type Row } from './rows'

const NOW = Date.parse('2026-01-02T00:00:00Z')
const manner: Manner = {
  now: NOW,
  metric: (value) => `m${value}`,
  duration: (seconds) => (seconds === null ? '–' : `${seconds} s`),
  relative: (then, now) => `${(now - then) / 1000} s ago`,
  href: (page, id) => `/${page}/${id}`,
}
const found: FoundJob = {
  id: 'one', batch: 'b', project: 'p', status: 'running', model: 'mlp', dataset: null, host: null, owner: 'ada',
  started: '2026-01-01T23:59:00Z', ended: null, elapsed: null, metrics: { seconds: 5, acc: 0.5 }, values: { batch_name: null, 'config.lr': 0.1, tags: ['a', 'b'] },
}
const job = (changes: Partial<FoundJob> = {}): Row => ofJob({ ...found, ...changes })
const cell = (row: Row, name: string) => cellsOf(row, [name], manner)[0]

describe('a cell of a list', () => {
  it.each([
    ['started', { text: '60 s ago', time: '2026-01-01T23:59:00Z' }],
    ['ended', { text: '–', isFaint: true }],
    ['elapsed', { text: '60 s' }],
    ['result', { text: 'm0.5', lead: 'acc' }],
    ['batch', { text: 'b', href: '/batch/b', title: 'b', isMono: true }],
    ['project', { text: 'p', href: '/project/p' }],
    ['host', { text: '–', isFaint: true }],
    ['config.lr', { text: 'm0.1', isFaint: false }],
    ['tags', { text: 'a, b', isFaint: false }],
    ['config.none', { text: '–', isFaint: true }],
  ])('%s says %j', (name, expected) => expect(cell(job(), name)).toEqual({ name, ...expected }))

  it('counts on while a job runs, and tells what it took when it ended', () => {
    expect(cell(job({ status: 'done', elapsed: 7 }), 'elapsed')?.text).toBe('7 s')
    expect(cell(job({ started: null }), 'elapsed')?.text).toBe('–')
  })

  it('tells on hover what may not fit', () => {
    expect(cell(job({ model: 'a model with a long name' }), 'model')?.title).toBe('a model with a long name')
  })

  it('is drawn anew only where it says something else', () => {
    const names = ['started', 'project']
    const cells = cellsOf(job(), names, manner)
    expect(isSame(cells, cellsOf(job(), names, manner))).toBe(true)
    expect(isSame(cells, cellsOf(job(), names, { ...manner, now: NOW + 1000 }))).toBe(false)
    expect(isSame(cells, cellsOf(job(), ['started'], manner))).toBe(false)
  })
})
