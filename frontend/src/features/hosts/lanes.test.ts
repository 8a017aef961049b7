import { describe, expect, it } from 'vitest'
import type { GpuLane, GpuLanes } from './api'
import { heldShare, jobsOf, spansOf } from './lanes'

const lane = (holder: (number | null)[], use: (number | null)[]): GpuLane => ({ index: 0, name: null, mem_total_mb: null, util_pct: use, mem_mb: [], temp_c: [], slowed: [], holder })

describe('lanes', () => {
  it('join what one batch held, and part what nobody or another did', () => {
    const spans = spansOf(lane([0, 0, null, 1], [80, 100, 0, 50]))
    expect(spans).toEqual([
      { from: 0, to: 1, batch: 0, meanUse: 90 },
      { from: 2, to: 2, batch: null, meanUse: 0 },
      { from: 3, to: 3, batch: 1, meanUse: 50 },
    ])
  })

  it('bridge a missed reading, and leave a long silence empty', () => {
    expect(spansOf(lane([0, null, 0], [80, null, 80])).map(({ from, to }) => [from, to])).toEqual([[0, 2]])
    expect(spansOf(lane([0, null, null, null, null, 0], [80, null, null, null, null, 80]))).toHaveLength(2)
  })

  it('know how much of the time a GPU was held, of the time in which it was heard of', () => {
    expect(heldShare(lane([0, null, null, null], [80, 0, null, null]))).toBe(0.5)
    expect(heldShare(lane([null], [null]))).toBeNull()
  })

  it('name the jobs that ran meanwhile', () => {
    const job = (job_id: string, batch: number, start_time: string, end_time: string | null) => ({ batch, job_id, model: null, dataset: null, status: null, start_time, end_time })
    const lanes = {
      begin: '2026-01-01T00:00:00Z', bucket_s: 60,
      jobs: [job('before', 0, '2025-12-31T23:00:00Z', '2025-12-31T23:30:00Z'), job('meanwhile', 0, '2026-01-01T00:01:30Z', null), job('of another', 1, '2026-01-01T00:01:30Z', null)],
    } as unknown as GpuLanes
    expect(jobsOf(lanes, { from: 0, to: 3, batch: 0, meanUse: null }).map(({ job_id }) => job_id)).toEqual(['meanwhile'])
  })
})
