// What the trials of a study say together: the best so far, the order of the table, the columns of plots. Pure.
import { columnOf, varies, type PlotColumn } from '@/shared/charts/plot'
import type { Study, StudySummary, Trial } from './api'

export type Aim = 'min' | 'max'
export const aimOf = (direction: string | null | undefined): Aim => ((direction ?? '').toLowerCase() === 'maximize' ? 'max' : 'min')

const better = (aim: Aim, a: number, b: number): boolean => (aim === 'max' ? a > b : a < b)

/** Trials that ran to their end: what was cut short reached a value, but not what it might have. */
export const isWhole = (trial: Trial): boolean => trial.status === 'done'

/** Where the best so far changed, over the trials' numbers, and the last place. Trials that were cut short do not count. */
export function bestSoFar(trials: readonly Trial[], aim: Aim): (readonly [x: number, value: number])[] {
  const found: (readonly [number, number])[] = []
  const ordered = [...trials].sort((a, b) => a.trial_id - b.trial_id)
  for (const trial of ordered) {
    if (trial.value === null || !isWhole(trial)) continue
    const best = found.at(-1)
    if (!best || better(aim, trial.value, best[1])) found.push([trial.trial_id, trial.value])
  }
  const [best, last] = [found.at(-1), ordered.at(-1)]
  if (best && last && last.trial_id > best[0]) found.push([last.trial_id, best[1]])
  return found
}

/** The best trials that ran to their end, the best first; of equal ones the earlier. */
export function topTrials(trials: readonly Trial[], aim: Aim, most: number): Trial[] {
  return trials
    .filter((trial) => isWhole(trial) && trial.value !== null)
    .sort((a, b) => (aim === 'max' ? -1 : 1) * ((a.value as number) - (b.value as number)) || a.trial_id - b.trial_id)
    .slice(0, most)
}

/** Parameters, and the value last: over the trials that have one. */
export function columnsOf(study: Study, trials: readonly Trial[], valueName: string): PlotColumn[] {
  const params = study.param_keys.map((name) => columnOf(name, trials.map((trial) => trial.params[name])))
  return [...params.filter(varies), columnOf(valueName, trials.map(({ value }) => value))]
}

export const SORTS = ['trial_id', 'value', 'status', 'elapsed_s', 'start_time'] as const

/** By a field of the trial, or by a parameter as `p.name`; what has none stands last, both ways. */
export function sortTrials(trials: readonly Trial[], by: string, descending: boolean): Trial[] {
  const read = (trial: Trial): unknown => (by.startsWith('p.') ? trial.params[by.slice(2)] : trial[by as (typeof SORTS)[number]])
  const rank = (value: unknown): number | string | null => (value === null || value === undefined ? null : typeof value === 'number' ? value : typeof value === 'string' ? value : JSON.stringify(value))
  return [...trials].sort((a, b) => {
    const [x, y] = [rank(read(a)), rank(read(b))]
    if (x === null || y === null) return x === y ? a.trial_id - b.trial_id : x === null ? 1 : -1
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true })
    return (descending ? -order : order) || a.trial_id - b.trial_id
  })
}

const STATES = ['done', 'running', 'pruned', 'failed'] as const

/** States of trials in a steady order, those that occur alone. */
export function statesOf(states: Readonly<Record<string, number>>): { status: string; count: number }[] {
  const names = [...STATES, ...Object.keys(states).filter((name) => !STATES.includes(name as (typeof STATES)[number])).sort()]
  return names.flatMap((status) => (states[status] ? [{ status, count: states[status] as number }] : []))
}

/** Studies whose name, project or sampler holds every word. */
export function matching(studies: readonly StudySummary[], text: string): StudySummary[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return studies.filter((study) => {
    const hay = [study.study_name, study.sampler, study.best_metric, ...study.projects].join('\n').toLowerCase()
    return words.every((word) => hay.includes(word))
  })
}

export const STUDY_SORTS = ['study_name', 'n_trials', 'best_value', 'last_run'] as const
export type StudySort = (typeof STUDY_SORTS)[number]

export function sortStudies(studies: readonly StudySummary[], by: StudySort, descending: boolean): StudySummary[] {
  return [...studies].sort((a, b) => {
    const [x, y] = [a[by], b[by]]
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true })
    return descending ? -order : order
  })
}
