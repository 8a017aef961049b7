import { describe, expect, it } from 'vitest'
import { bestJob, defaultMetric, metricNames } from './metrics'
import type { Job } from './types'

let made = 0
function job(metrics: Record<string, number> | null, more: Partial<Job> = {}): Job {
  made += 1
  return { id: `j${made}`, batch_id: 'b', model: 'm', dataset: 'd', status: 'done', is_idle_flagged: false, metrics, start_time: null, ...more } as Job
}

describe('offering metrics', () => {
  it('puts the well-known first and leaves out what is no number', () => {
    const jobs = [job({ zeta: 1, R2: 1, MSE: 1 }), job({ alpha: 1 }), job({ note: 'x' } as unknown as Record<string, number>)]
    expect(metricNames(jobs)).toEqual(['MSE', 'R2', 'alpha', 'zeta'])
  })

  it('begins with the first of MSE, PCC, R2, MAE, else with one whose direction is known', () => {
    expect(defaultMetric(['MAE', 'PCC'])).toBe('PCC')
    expect(defaultMetric(['Avg_Batch_Time', 'F1'])).toBe('F1')
    expect(defaultMetric([])).toBeUndefined()
  })
})

describe('the best job', () => {
  it('finds the best of all whatever its status, the first of equals', () => {
    const [a, b] = [job({ MSE: 1 }, { status: 'running' }), job({ MSE: 1 })]
    expect(bestJob([a, b], 'MSE')).toBe(a)
    expect(bestJob([job(null)], 'MSE')).toBeNull()
  })
})
