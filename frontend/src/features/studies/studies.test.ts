import { describe, expect, it } from 'vitest'
import type { Study, StudySummary, Trial } from './api'
import { aimOf, bestSoFar, columnsOf, matching, sortStudies, sortTrials, statesOf, topTrials } from './trials'

const trial = (trial_id: number, value: number | null, status = 'done', params: Record<string, unknown> = {}): Trial =>
  ({ trial_id, value, status, params, job_id: `j${trial_id}`, batch_id: 'b', start_time: null, end_time: null, elapsed_s: trial_id * 10, metric_name: 'acc', metrics: null, reason: null, last_epoch: null }) as unknown as Trial

describe('the history of a study', () => {
  const trials = [trial(3, 0.7), trial(0, 0.5), trial(1, 0.9, 'pruned'), trial(2, 0.4), trial(4, null, 'running')]

  it.each([
    ['maximize', [[0, 0.5], [3, 0.7], [4, 0.7]]],
    ['minimize', [[0, 0.5], [2, 0.4], [4, 0.4]]],
    [null, [[0, 0.5], [2, 0.4], [4, 0.4]]],
  ])('has the best so far (%s), over trials that ran to their end', (direction, expected) => expect(bestSoFar(trials, aimOf(direction))).toEqual(expected))

  it('ends where the best is the last, and is empty without any', () => {
    expect(bestSoFar([trial(0, 1), trial(1, 2)], 'max')).toEqual([[0, 1], [1, 2]])
    expect(bestSoFar([trial(0, null)], 'max')).toEqual([])
  })

  it('names the best, the earlier of equal ones first', () => {
    expect(topTrials([...trials, trial(5, 0.7)], 'max', 2).map(({ trial_id: id }) => id)).toEqual([3, 5])
    expect(topTrials(trials, 'min', 9).map(({ trial_id: id }) => id)).toEqual([2, 0, 3])
  })
})

describe('tables', () => {
  const trials = [trial(0, 2, 'done', { lr: 0.1, opt: 'b' }), trial(1, null, 'failed', { opt: 'a' }), trial(2, 1, 'done', { lr: 0.01, deep: { x: 1 } })]
  const order = (by: string, descending = false): number[] => sortTrials(trials, by, descending).map(({ trial_id: id }) => id)

  it('sort by any field or parameter, what has none last', () => {
    expect([order('value'), order('value', true), order('p.lr'), order('p.lr', true), order('p.opt'), order('p.deep')]).toEqual([[2, 0, 1], [0, 2, 1], [2, 0, 1], [0, 2, 1], [1, 0, 2], [2, 0, 1]])
    expect(order('trial_id', true)).toEqual([2, 1, 0])
  })

  it('have columns of the parameters that vary, and the value last', () => {
    const study = { param_keys: ['lr', 'same', 'opt'] } as unknown as Study
    expect(columnsOf(study, trials, 'acc').map(({ name, kind }) => [name, kind])).toEqual([['lr', 'number'], ['opt', 'category'], ['acc', 'number']])
  })

  it('count states in a steady order', () => expect(statesOf({ failed: 1, lost: 2, done: 3, running: 0 })).toEqual([{ status: 'done', count: 3 }, { status: 'failed', count: 1 }, { status: 'lost', count: 2 }]))
})

describe('the list', () => {
  const study = (study_name: string, best_value: number | null, last_run: string | null) => ({ study_name, best_value, last_run, sampler: 'TPESampler', best_metric: 'acc', projects: ['vision'], n_trials: 3 }) as unknown as StudySummary
  const studies = [study('b10', 1, '2026-01-02'), study('b9', null, null), study('a', 2, '2026-01-01')]

  it('is filtered by words anywhere', () => {
    expect(matching(studies, 'tpe b').map(({ study_name: name }) => name)).toEqual(['b10', 'b9'])
    expect(matching(studies, 'vision none')).toEqual([])
  })

  it('is sorted, what is missing last', () => {
    const names = (by: 'study_name' | 'best_value' | 'last_run', descending: boolean) => sortStudies(studies, by, descending).map(({ study_name: name }) => name)
    expect([names('study_name', false), names('best_value', true), names('last_run', true)]).toEqual([['a', 'b9', 'b10'], ['a', 'b10', 'b9'], ['b10', 'a', 'b9']])
  })
})
