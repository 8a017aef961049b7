import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '@/api/live'
import { accept, complete, type KnownField } from './complete'
import { foldJobRow, ofJob, type FoundJob } from './rows'
import { Picked } from './picked'
import { drawnOf, slotsOf, windowOf } from '@/shared/composables/rowWindow'
import { isPlain, placeIn, whereOf, type Chips } from './where'

const NONE: Chips = { status: '', project: '', host: '', owner: '', since: '' }

describe('the condition of a list', () => {
  it('is what was written and the chips', () => {
    expect(whereOf('', NONE, 'jobs')).toBe('')
    expect(whereOf(' metrics.acc > 0.9 or epoch > 3 ', { ...NONE, status: 'done,failed', project: 'a "b"', since: '7d' }, 'jobs')).toBe(
      '(metrics.acc > 0.9 or epoch > 3) and status in ("done", "failed") and project = "a \\"b\\"" and started > -7d',
    )
    expect(whereOf('', { ...NONE, since: 'garbage' }, 'jobs')).toBe('')
  })

  it('looks for plain words in what people mean by them', () => {
    const where = whereOf('wine gpu', NONE, 'batches')
    expect(where).toContain('(id ~ "wine" or name ~ "wine"')
    expect(where).toContain(') and (id ~ "gpu" or ')
    expect(['wine', 'val_acc', 'a-b/c', 'lr = 1', 'x is null', 'model contains y', '(a)', 'not it'].map(isPlain)).toEqual([true, true, true, false, false, false, false, false])
  })

  it('knows where in the written text the server found a fault', () => {
    expect(placeIn('  lr == ', 7)).toBe(7)
    expect(placeIn('lr = x', 6)).toBe(5)
    expect(placeIn('lr = ', 99)).toBe(4)
    expect(placeIn('wine', 3)).toBeNull()
  })
})

const FIELDS: KnownField[] = [
  { name: 'model', kind: 'text', values: ['resnet', 'my "vit"'] },
  { name: 'started', kind: 'time', values: [] },
  { name: 'config.optim.lr', kind: 'any', values: [] },
  { name: 'metrics.val_acc', kind: 'any', values: [] },
]
const offered = (text: string, cursor = text.length) => complete(text, cursor, FIELDS).items.map((item) => item.text)

describe('completion', () => {
  it.each([
    ['', ['model', 'started', 'config.optim.lr', 'metrics.val_acc']],
    ['mo', ['model']],
    ['lr', ['config.optim.lr']],
    ['acc', ['metrics.val_acc']],
    ['model ', ['=', '!=', '~', 'in', 'is null']],
    ['model =', ['"resnet"', '"my \\"vit\\""']],
    ['model = "res', ['"resnet"']],
    ['model = "resnet" ', ['and', 'or']],
    ['model = "resnet" a', ['and']],
    ['model in ', ['(']],
    ['model in (', ['"resnet"', '"my \\"vit\\""']],
    ['model not in ("resnet", ', ['"resnet"', '"my \\"vit\\""']],
    ['model in ("resnet" ', [',', ')']],
    ['started > ', ['-1h', '-24h', '-7d', '-30d']],
    ['not (mod', ['model']],
    ['model is ', ['null', 'nan']],
    ['metrics.val_acc > 0.9 and sta', ['started']],
  ])('after %j offers %j', (text, expected) => expect(offered(text)).toEqual(expected))

  it('replaces what was begun, and goes on after it', () => {
    const text = 'mo and x = 1'
    const completion = complete(text, 2, FIELDS)
    expect(accept(text, completion, { text: 'model' })).toEqual({ text: 'model and x = 1', cursor: 6 })
    expect(accept('mo', complete('mo', 2, FIELDS), { text: 'model' })).toEqual({ text: 'model ', cursor: 6 })
  })
})

const found: FoundJob = {
  id: 'one', batch: 'b', project: 'p', status: 'running', model: 'mlp', dataset: null, host: 'h', owner: 'ada',
  started: '2026-01-01T00:00:00Z', ended: null, elapsed: null, metrics: { acc: 0.5 }, values: { reason: null, 'config.lr': 0.1 },
}
const event = (type: string, data: Record<string, unknown> = {}, job: string | null = 'one'): LiveEvent => ({
  event_type: type, event_id: 'e', timestamp: '2026-01-02T00:00:00Z', batch_id: 'b', job_id: job, channel: 'visible',
  source: { project: 'p', host: 'h', user: 'u', command: null }, data,
})

describe('a row of a job', () => {
  it('has its fields, metrics and columns by their names in the language', () => {
    const { fields } = ofJob(found)
    expect([fields.id, fields['metrics.acc'], fields['config.lr'], fields.owner]).toEqual(['one', 0.5, 0.1, 'ada'])
  })

  it('changes with what is told of it', () => {
    const row = ofJob(found)
    expect(foldJobRow(row, event('job_epoch', { epoch: 7 })).fields.epoch).toBe(7)
    const done = foldJobRow(row, event('job_done', { metrics: { acc: 0.9 }, elapsed_s: 5 }))
    expect([done.fields.status, done.fields['metrics.acc'], done.fields.elapsed]).toEqual(['done', 0.9, 5])
    expect(foldJobRow(row, event('job_failed', { reason: 'boom' })).fields.reason).toBe('boom')
    expect(foldJobRow(row, event('log_line'))).toBe(row)
  })
})

describe('what is picked', () => {
  const keys = ['a', 'b', 'c', 'd', 'e']
  it('is one by one, or from the last one to this one', () => {
    const picked = new Picked()
    const first = picked.toggle('b', keys, false)
    expect([...first.keys]).toEqual(['b'])
    const range = first.toggle('d', keys, true)
    expect([...range.keys]).toEqual(['b', 'c', 'd'])
    expect([...range.toggle('c', keys, false).keys]).toEqual(['b', 'd'])
    expect([...range.toggle('a', keys, true).keys].sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('begins anew where the last one is not there any more', () => {
    expect([...new Picked(new Set(), 'gone').toggle('c', keys, true).keys]).toEqual(['c'])
  })
})

describe('the rows in the window', () => {
  it.each([
    [{ top: 100, height: 800, row: 50, count: 1_000 }, { first: 0, last: 24 }],
    [{ top: -5_000, height: 800, row: 50, count: 1_000 }, { first: 90, last: 126 }],
    [{ top: -49_900, height: 800, row: 50, count: 1_000 }, { first: 988, last: 1_000 }],
    [{ top: 0, height: 800, row: 50, count: 3 }, { first: 0, last: 3 }],
  ])('%j are %j', (place, range) => expect(windowOf(place)).toEqual(range))

  it('are those that are seen after a jump, and those beside them with the next frame', () => {
    const place = { top: -5_000, height: 800, row: 50, count: 1_000 }
    expect(drawnOf(place, { first: 0, last: 0 })).toEqual({ first: 90, last: 126, isAll: true })
    const jumped = drawnOf(place, { first: 0, last: 30 })
    expect(jumped).toEqual({ first: 99, last: 117, isAll: false })
    expect(drawnOf(place, jumped)).toEqual({ first: 90, last: 126, isAll: true })
    // A screenful on, half of it had been drawn; a few rows on, all of it.
    expect(drawnOf(place, { first: 70, last: 110 }).isAll).toBe(false)
    expect(drawnOf(place, { first: 86, last: 122 }).isAll).toBe(true)
  })

  it('stay in their elements, and new ones take the elements of those that left', () => {
    const first = slotsOf({ first: 0, last: 3 }, new Map())
    expect([...first]).toEqual([[0, 0], [1, 1], [2, 2]])
    const scrolled = slotsOf({ first: 2, last: 6 }, first)
    expect([...scrolled]).toEqual([[2, 2], [3, 0], [4, 1], [5, 3]])
    // Nothing is moved in the page after a jump: the elements are filled in the order in which they stand.
    expect([...slotsOf({ first: 50, last: 54 }, scrolled).values()]).toEqual([...scrolled.values()])
  })
})
