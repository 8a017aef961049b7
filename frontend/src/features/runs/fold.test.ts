import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '@/api/live'
import { batchFromEvent, emptyJob, foldBatch, foldJob, foldProgress, mainMetric, numericValues } from './fold'

function event(type: string, data: Record<string, unknown> = {}, jobId: string | null = null): LiveEvent {
  return {
    event_type: type,
    event_id: `${type}-1`,
    timestamp: '2026-11-23T10:00:00Z',
    batch_id: 'b',
    job_id: jobId,
    source: { project: 'vision', host: 'gpu-01', user: 'mira', command: 'python train.py' },
    data,
    channel: 'visible',
  }
}
const batch = batchFromEvent(event('batch_start', { n_total_jobs: 9, experiment_type: 'sweep' }))
const job = emptyJob(event('job_start', {}, 'j'))

describe('folding a batch', () => {
  it('begins with what batch_start tells', () => {
    expect(batch).toMatchObject({ id: 'b', project: 'vision', host: 'gpu-01', command: 'python train.py', n_total: 9, status: 'running' })
  })

  it('takes counters and status from the summary', () => {
    const folded = foldBatch(batch, event('batch_summary', { status: 'running', n_total: 9, n_done: 4, n_failed: 1, is_stalled: true }))
    expect(folded).toMatchObject({ n_done: 4, n_failed: 1, is_stalled: true })
  })

  it.each([
    ['batch_done', 'running', 'done'],
    ['batch_failed', 'running', 'failed'],
    ['batch_done', 'stopping', 'stopped'],
    ['batch_failed', 'stopping', 'stopped'],
    ['batch_stop_requested', 'running', 'stopping'],
    ['batch_stalled', 'running', 'stalled'],
    ['batch_start', 'failed', 'running'],
    ['batch_start', 'done', 'done'],
    ['job_done', 'done', 'done'],
    ['log_line', 'failed', 'failed'],
  ])('%s turns %s into %s', (type, before, after) => {
    expect(foldBatch({ ...batch, status: before }, event(type)).status).toBe(after)
  })

  it('is alive again after any job event', () => {
    expect(foldBatch({ ...batch, is_stalled: true }, event('job_epoch', { epoch: 1 }, 'j')).is_stalled).toBe(false)
  })

  it('keeps the first start when it is resumed', () => {
    expect(foldBatch({ ...batch, start_time: '2026-11-22T00:00:00Z' }, event('batch_start')).start_time).toBe('2026-11-22T00:00:00Z')
  })
})

describe('folding a job', () => {
  it('follows it from start to end', () => {
    const started = foldJob(job, event('job_start', { model: 'mlp', dataset: 'digits' }, 'j'))
    const moved = foldJob(started, event('job_epoch', { epoch: 3, val_loss: 0.5 }, 'j'))
    const done = foldJob(moved, event('job_done', { status: 'DONE', elapsed_s: 12.9, metrics: { MSE: 0.1 } }, 'j'))
    expect(done).toMatchObject({ model: 'mlp', dataset: 'digits', status: 'done', elapsed_s: 12, metrics: { MSE: 0.1 }, progress: { epoch: 3 } })
  })

  it.each([
    [{ error: 'boom' }, 'boom'],
    [{ reason: 'ValueError: x', status: 'FAILED' }, 'ValueError: x'],
    [{}, null],
  ])('takes the reason of a failure from %j', (data, reason) => {
    expect(foldJob(job, event('job_failed', data, 'j'))).toMatchObject({ status: 'failed', reason })
  })

  it('leaves a finished job finished when a late epoch arrives', () => {
    expect(foldJob({ ...job, status: 'done' }, event('job_epoch', { epoch: 9, val_loss: 1 }, 'j')).status).toBe('done')
  })
})

describe('the progress of a job', () => {
  it('ends the same when a point comes twice or late', () => {
    const once = foldProgress(foldProgress(undefined, { epoch: 1, val_loss: 3 }), { epoch: 2, val_loss: 2 })
    const twice = foldProgress(once, { epoch: 2, val_loss: 2 })
    const late = foldProgress(twice, { epoch: 1, val_loss: 3 })
    expect(twice).toEqual(once)
    expect(late).toEqual(once)
    expect(once?.trace).toEqual([3, 2])
  })

  it('keeps the last 20 values', () => {
    let progress = foldProgress(undefined, { epoch: 0, val_loss: 0 })
    for (let epoch = 1; epoch < 50; epoch += 1) progress = foldProgress(progress, { epoch, val_loss: epoch })
    expect(progress?.trace).toHaveLength(20)
    expect(progress?.trace.at(-1)).toBe(49)
  })

  it('keeps NaN as a gap and leaves out what is no metric', () => {
    expect(numericValues({ epoch: 1, val_loss: null, acc: 0.5, note: 'x', bad: 'NaN', seed: 3 })).toEqual({ val_loss: null, acc: 0.5, bad: null })
  })

  it.each([
    [['lr', 'train_loss', 'val_loss'], 'val_loss'],
    [['lr', 'loss'], 'loss'],
    [['acc', 'pixel_loss'], 'pixel_loss'],
    [['lr', 'reward'], 'reward'],
    [[], undefined],
  ])('of %j shows %s', (names, main) => {
    expect(mainMetric(names)).toBe(main)
  })
})
