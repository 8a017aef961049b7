import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '@/api/live'
import type { JobItem } from './api'
import { belongs, foldRows, mergeRows } from './rows'

const item = (id: string, status = 'running'): JobItem => ({ job: { id, batch_id: 'b', status }, project: 'p', host: 'h', batch_name: null }) as unknown as JobItem
const event = (type: string, job: string | null, data: Record<string, unknown> = {}): LiveEvent => ({
  event_type: type, event_id: 'e', timestamp: '2026-01-01T00:00:00Z', batch_id: 'b', job_id: job, channel: 'visible',
  source: { project: 'p', host: 'h', user: 'u', command: null }, data,
})

describe('the list of jobs', () => {
  it('changes a row in place and leaves the others as they are', () => {
    const rows = [item('one'), item('two')]
    const after = foldRows(rows, [event('job_start', 'three'), event('job_failed', 'two', { reason: 'boom' })])
    expect(after.map(({ job }) => [job.id, job.status])).toEqual([['one', 'running'], ['two', 'failed']])
    expect([after[0] === rows[0], after[1]?.job.reason]).toEqual([true, 'boom'])
  })

  it('is the same list where no event concerns it', () => {
    const rows = [item('one')]
    expect(foldRows(rows, [event('job_done', 'other'), event('batch_done', null)])).toBe(rows)
  })

  it('keeps its order when read again, and counts what is new', () => {
    const merged = mergeRows([item('one'), item('two')], [item('three'), item('two', 'done'), item('one')])
    expect(merged.rows.map(({ job }) => `${job.id} ${job.status}`)).toEqual(['one running', 'two done'])
    expect(merged.fresh).toEqual(['b\nthree'])
  })

  it.each([
    [{}, true],
    [{ status: 'running', project: 'p', host: 'h', q: 'MLP' }, true],
    [{ status: 'failed' }, false],
    [{ project: 'other' }, false],
    [{ host: 'other' }, false],
    [{ q: 'resnet' }, false],
  ])('with %j takes a new job: %s', (filter, expected) => {
    expect(belongs(event('job_start', 'one', { model: 'mlp' }), filter)).toBe(expected)
    expect(belongs(event('job_done', 'one', { model: 'mlp' }), filter)).toBe(false)
  })
})
