import { describe, expect, it } from 'vitest'
import { buildMatrix, goodness } from './matrix'
import { bestJob, defaultMetric, directionOf, flagExtremes, metricNames } from './metrics'
import type { Job } from './types'

let made = 0
function job(metrics: Record<string, number> | null, more: Partial<Job> = {}): Job {
  made += 1
  return { id: `j${made}`, batch_id: 'b', model: 'm', dataset: 'd', status: 'done', is_idle_flagged: false, metrics, start_time: null, ...more } as Job
}

describe('directions of metrics', () => {
  it.each([
    ['MSE', 'lower', true],
    ['val_loss', 'lower', true],
    ['sMAPE', 'lower', true],
    ['R2', 'higher', true],
    ['ACC', 'higher', true],
    ['val_acc', 'higher', true],
    ['test/f1', 'higher', true],
    ['mAP', 'higher', true],
    ['error_rate', 'lower', true],
    ['wombats', 'lower', false],
  ])('%s: %s is better (sure: %s)', (name, direction, sure) => {
    expect(directionOf(name)).toEqual({ direction, sure })
  })
})

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

describe('best and worst', () => {
  it('marks the only extremes', () => {
    const [a, b, c] = [job({ MSE: 1 }), job({ MSE: 2 }), job({ MSE: 3 })]
    expect(flagExtremes([a, b, c], 'MSE')).toEqual({ best: a, worst: c })
    const [d, e] = [job({ ACC: 0.9 }), job({ ACC: 0.8 })]
    expect(flagExtremes([d, e], 'ACC')).toEqual({ best: d, worst: e })
  })

  it('marks none with fewer than two, with equals, or with a shared extreme', () => {
    expect(flagExtremes([job({ MSE: 1 })], 'MSE')).toEqual({ best: null, worst: null })
    expect(flagExtremes([job({ MSE: 1 }), job({ MSE: 1 })], 'MSE')).toEqual({ best: null, worst: null })
    const worst = job({ MSE: 3 })
    expect(flagExtremes([job({ MSE: 1 }), job({ MSE: 1 }), worst], 'MSE')).toEqual({ best: null, worst })
  })

  it('leaves out running, idle and non-finite jobs', () => {
    const [a, b] = [job({ MSE: 2 }), job({ MSE: 3 })]
    const others = [job({ MSE: 1 }, { status: 'running' }), job({ MSE: 0.5 }, { is_idle_flagged: true }), job({ MSE: Number.NaN })]
    expect(flagExtremes([...others, a, b], 'MSE')).toEqual({ best: a, worst: b })
  })

  it('finds the best of all whatever its status, the first of equals', () => {
    const [a, b] = [job({ MSE: 1 }, { status: 'running' }), job({ MSE: 1 })]
    expect(bestJob([a, b], 'MSE')).toBe(a)
    expect(bestJob([job(null)], 'MSE')).toBeNull()
  })
})

describe('the matrix', () => {
  it('has a row per model, a column per data set, sorted as people count', () => {
    const jobs = [job(null, { model: 'net10', dataset: 'b' }), job(null, { model: 'net9', dataset: 'a' }), job(null, { model: null, dataset: 'a' })]
    const matrix = buildMatrix(jobs)
    expect(matrix.models).toEqual(['', 'net9', 'net10'])
    expect(matrix.datasets).toEqual(['a', 'b'])
    expect(matrix.cell('net9', 'a')).toEqual([jobs[1]])
    expect(matrix.cell('net9', 'b')).toEqual([])
  })

  it('shades from worst to best by the direction of the metric', () => {
    const [a, b] = [job({ ACC: 0.5 }), job({ ACC: 0.9 })]
    const shade = goodness([a, b], 'ACC')
    expect([shade(a), shade(b)]).toEqual([0, 1])
    expect(goodness([a], 'ACC')(a)).toBeNull()
  })
})
