import { describe, expect, it } from 'vitest'
import type { JobListItem, LeaderboardRow } from './api'
import { boardOf, resultsOf } from './results'

const row = (dataset: string, best_metric: number | null) => ({ dataset, best_metric }) as LeaderboardRow
const done = (project: string, dataset: string, metrics: Record<string, number>) => ({ project, job: { id: 'j', batch_id: 'b', model: 'm', dataset, metrics, end_time: null, start_time: 't' } }) as unknown as JobListItem

describe('new results beside the best', () => {
  const boards = new Map([
    ['vision', boardOf('ACC', [row('cifar', 0.9), row('cifar', 0.8), row('flowers', 0.5), row('none', null)])],
    ['forecasts', boardOf('MSE', [row('etth1', 0.2), row('etth1', 0.3)])],
  ])

  it('takes the best of the same data, in the direction of the metric', () => {
    const [acc, mse] = resultsOf([done('vision', 'cifar', { ACC: 0.81 }), done('forecasts', 'etth1', { MSE: 0.25 })], boards)
    expect(acc?.behind).toBeCloseTo(0.1)
    expect(mse?.behind).toBeCloseTo(0.25)
    expect(resultsOf([done('vision', 'flowers', { ACC: 0.5 })], boards)[0]).toMatchObject({ best: 0.5, isBest: true, behind: 0 })
  })

  it('says nothing of a distance where nothing else is known', () => {
    expect(resultsOf([done('vision', 'new', { ACC: 0.5 })], boards)[0]).toMatchObject({ best: null, behind: null, isBest: false })
  })

  it('leaves out what has no such result', () => {
    expect(resultsOf([done('vision', 'cifar', { other: 1 }), done('elsewhere', 'cifar', { ACC: 1 })], boards)).toEqual([])
  })
})
