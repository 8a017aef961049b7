import { describe, expect, it } from 'vitest'
import type { Concern } from './api'
import { inOrder, placeOf, severityOf, stillAside } from './attention'

const concern = (more: Partial<Concern>): Concern => ({
  key: 'k', trouble: 'failed', at: '2026-01-01T00:00:00Z', project: null, batch_id: null, job_id: null, host: null, gpu: null, owner: null, count: 1, cause: null, seconds: null, text: null, may_stop: false, ...more,
})

describe('what needs attention', () => {
  it('puts runs before machines, and the latest first', () => {
    const found = inOrder(
      [concern({ key: 'disk', trouble: 'disk', at: '2026-01-03T00:00:00Z' }), concern({ key: 'old' }), concern({ key: 'new', trouble: 'stalled', at: '2026-01-02T00:00:00Z' })],
      new Set(),
    )
    expect(found.map(({ key }) => key)).toEqual(['new', 'old', 'disk'])
  })

  it('leaves out what was put aside, and forgets that once it is over', () => {
    const all = [concern({ key: 'a' }), concern({ key: 'b' })]
    expect(inOrder(all, new Set(['a'])).map(({ key }) => key)).toEqual(['b'])
    expect([...stillAside(new Set(['a', 'gone']), all)]).toEqual(['a'])
  })

  it.each([
    ['one failed job', { batch_id: 'b', job_id: 'j' }, { name: 'job', params: { batchId: 'b', jobId: 'j' } }],
    ['several failed jobs', { batch_id: 'b', job_id: 'j', count: 3 }, { name: 'batch', params: { batchId: 'b' }, query: { tab: 'jobs' } }],
    ['a batch', { trouble: 'stalled', batch_id: 'b' }, { name: 'batch', params: { batchId: 'b' } }],
    ['a hot card', { trouble: 'hot', batch_id: 'b', host: 'h' }, { name: 'host', params: { host: 'h' } }],
    ['a disk', { trouble: 'disk', host: 'h' }, { name: 'host', params: { host: 'h' } }],
  ] as const)('leads to %s', (_, more, place) => {
    expect(placeOf(concern(more))).toEqual(place)
  })

  it('calls a failure a failure, and everything else a warning', () => {
    expect([severityOf(concern({})), severityOf(concern({ trouble: 'idle_gpus' }))]).toEqual(['failed', 'stalled'])
  })
})
