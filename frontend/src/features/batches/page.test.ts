import { describe, expect, it } from 'vitest'
import type { Batch, Job } from '@/features/runs'
import { answerOf } from './answer'
import { cardCosts, secondsOf } from './composables/useCost'
import { readChanges, rerunLines, resumeLines, savedAs } from './rerun'

const batch = (more: Partial<Batch> = {}): Batch => ({ status: 'running', n_total: 10, n_done: 3, n_failed: 1, is_stalled: false, ...more }) as Batch
const job = (status: string, more: Partial<Job> = {}): Job => ({ status, is_idle_flagged: false, elapsed_s: null, start_time: null, end_time: null, ...more }) as Job

describe('the first line of the page', () => {
  it('counts what runs, what stands still, what is to come', () => {
    const jobs = [job('running'), job('running', { is_idle_flagged: true }), job('done'), job('failed')]
    expect(answerOf(batch(), jobs)).toEqual({ running: 1, stalled: 1, failed: 1, done: 3, left: 4, live: true })
  })

  it('calls every running job stalled when the batch has gone silent', () => {
    expect(answerOf(batch({ is_stalled: true }), [job('running'), job('running')])).toMatchObject({ running: 0, stalled: 2 })
  })

  it('has nothing to come once the batch is over, or when it never said how much', () => {
    expect(answerOf(batch({ status: 'done' }), []).left).toBeNull()
    expect(answerOf(batch({ n_total: null }), []).left).toBeNull()
  })
})

describe('running a batch again', () => {
  it('reads one change a line, as a pair or as an option', () => {
    const { values, unread } = readChanges('lr=1e-3\n\n n=4 \non=true\nno=null\nname=a b\nid=12345678901234567890\neq=a=b\nnonsense\n=x')
    expect(values).toEqual({ lr: 0.001, n: 4, on: true, no: null, name: 'a b', id: '12345678901234567890', eq: 'a=b' })
    expect(unread).toEqual(['nonsense', '=x'])
    expect(readChanges('--lr 0.1\n--seed=3\n--amp\n-n 2').values).toEqual({ '--lr': 0.1, '--seed': 3, '--amp': true, '-n': 2 })
  })

  it('goes to the folder, to the commit, and adds the changes', () => {
    const snapshot = { cwd: '/home/ada/my runs', git_sha: 'abc123' }
    const asked = { command: 'python train.py', snapshot, overrides: { name: 'a b' } }
    expect(rerunLines({ ...asked, withCode: true })).toBe("cd '/home/ada/my runs'\ngit checkout abc123\npython train.py 'name=a b'")
    expect(rerunLines({ ...asked, withCode: false })).not.toContain('checkout')
    expect(rerunLines({ ...asked, snapshot: null, withCode: true })).toBe("python train.py 'name=a b'")
  })
})

describe('going on with a paused batch', () => {
  it('by hand: under its own id, from its checkpoint', () => {
    const paused = batch({ id: 'b 1', command: 'python train.py', env_snapshot: { cwd: '/data' }, checkpoint: { path: '/ckpt/last.pt', epoch: 12, job_id: 'j' } })
    expect(resumeLines(paused)).toBe("cd /data\nexport ARGUS_BATCH_ID='b 1'\nexport ARGUS_RESUME_FROM=/ckpt/last.pt\npython train.py")
    expect(resumeLines({ ...paused, env_snapshot: null, checkpoint: null })).toBe("export ARGUS_BATCH_ID='b 1'\npython train.py")
  })

  it('reads what a checkpoint tells, and nothing else', () => {
    expect(savedAs({ path: '/a', epoch: 3, step: 'x', job_id: '' })).toEqual({ job: null, path: '/a', epoch: 3, step: null })
    expect(savedAs(null)).toBeNull()
  })
})

describe('what a batch took', () => {
  it('is what a job said, or what its times say', () => {
    expect(secondsOf(job('done', { elapsed_s: 7 }), 0)).toBe(7)
    expect(secondsOf(job('running', { start_time: '2026-11-20T12:00:00Z' }), Date.parse('2026-11-20T12:01:00Z'))).toBe(60)
    expect(secondsOf(job('failed', { start_time: '2026-11-20T12:00:00Z' }), Date.now())).toBe(0)
  })

  it('is told of the cards that it held: now, on the mean, at most', () => {
    const readings = [
      { gpus: [{ index: 0, util_pct: 10, proc_mem_mb: 0 }, { index: 1, util_pct: 80, proc_mem_mb: 900, temp_c: 60 }] },
      { gpus: [{ index: 0, util_pct: 10, proc_mem_mb: 0 }, { index: 1, util_pct: 100, proc_mem_mb: 700, temp_c: 65 }] },
    ]
    expect(cardCosts(readings)).toEqual([{ index: 1, name: null, now: 100, mean: 90, peak: 900, temperature: 65 }])
    expect(cardCosts([{ gpus: null }])).toEqual([])
  })
})
