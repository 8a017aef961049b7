import { describe, expect, it } from 'vitest'
import { batchEta, completion } from './eta'
import type { Job } from './types'

const done = (elapsed: number, end: string): Job => ({ status: 'done', elapsed_s: elapsed, end_time: end }) as Job

describe('the end of a batch', () => {
  it('is the moving mean of finished jobs times what is left', () => {
    const jobs = [done(20, '2026-01-01T00:00:02Z'), done(10, '2026-01-01T00:00:01Z')]
    // 10, then 0.3 * 20 + 0.7 * 10 = 13; three jobs left
    expect(batchEta({ n_total: 5, n_done: 2, n_failed: 0 }, jobs)).toBe(39)
  })

  it('cannot be told before a job is done, or without a size', () => {
    expect(batchEta({ n_total: 5, n_done: 0, n_failed: 0 }, [])).toBeNull()
    expect(batchEta({ n_total: 0, n_done: 3, n_failed: 0 }, [done(1, 'a')])).toBeNull()
  })

  it('is now when nothing is left', () => {
    expect(batchEta({ n_total: 2, n_done: 1, n_failed: 1 }, [])).toBe(0)
  })

  it('looks at the ten newest only', () => {
    const jobs = Array.from({ length: 30 }, (_, index) => done(index < 20 ? 1000 : 10, `2026-01-01T00:00:${10 + index}Z`))
    expect(batchEta({ n_total: 31, n_done: 30, n_failed: 0 }, jobs)).toBe(10)
  })
})

describe('completion', () => {
  it('counts failures as finished and knows when it knows nothing', () => {
    expect(completion({ n_total: 4, n_done: 2, n_failed: 1 })).toBe(0.75)
    expect(completion({ n_total: null, n_done: 2, n_failed: 1 })).toBeNull()
  })
})
