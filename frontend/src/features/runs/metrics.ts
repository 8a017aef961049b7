// Names of metrics: which are better when higher, in which order to offer them, which cell of a matrix wins.
// Rules of the wire contract, semantics section 7.
import type { Job } from './types'

export type Direction = 'lower' | 'higher'

const LOWER = ['loss', 'mse', 'mae', 'rmse', 'error', 'rmspe', 'smape', 'mape', 'perplexity']
const HIGHER = new Set(['r²', 'r2', 'pcc', 'scc', 'acc', 'accuracy', 'f1', 'auc', 'recall', 'precision', 'iou', 'map'])
const FIRST = ['MSE', 'MAE', 'RMSE', 'R2', 'PCC', 'SCC']
const DEFAULTS = ['MSE', 'PCC', 'R2', 'MAE']

export interface DirectionGuess {
  direction: Direction
  /** False when the name says nothing and lower is only assumed. */
  sure: boolean
}

export function directionOf(name: string): DirectionGuess {
  const plain = name.toLowerCase()
  if (LOWER.some((part) => plain.includes(part))) return { direction: 'lower', sure: true }
  // `val_acc` and `test/f1` are as clear as `acc` and `f1`.
  const last = plain.split(/[/._\-\s]/).pop() ?? plain
  if (HIGHER.has(plain) || HIGHER.has(last)) return { direction: 'higher', sure: true }
  return { direction: 'lower', sure: false }
}

export function metricValue(job: Job, name: string): number | null {
  const value = job.metrics?.[name]
  return typeof value === 'number' ? value : null
}

/** Every numeric metric of these jobs: the well-known ones first, the others by name. */
export function metricNames(jobs: readonly Job[]): string[] {
  const names = new Set<string>()
  for (const job of jobs) {
    for (const [name, value] of Object.entries(job.metrics ?? {})) if (typeof value === 'number') names.add(name)
  }
  const rank = (name: string): number => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1)
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

export function defaultMetric(names: readonly string[]): string | undefined {
  return (
    DEFAULTS.find((name) => names.includes(name)) ??
    names.find((name) => directionOf(name).sure && !/time|seconds|elapsed/i.test(name)) ??
    names[0]
  )
}

export interface Flags {
  best: Job | null
  worst: Job | null
}

/**
 * Best and worst of the eligible jobs: done, not idle, with a finite value. None with fewer than two,
 * none when all are equal, and none for an extreme that is shared.
 */
export function flagExtremes(jobs: readonly Job[], metric: string): Flags {
  const eligible = jobs.filter((job) => job.status === 'done' && !job.is_idle_flagged && Number.isFinite(metricValue(job, metric)))
  if (eligible.length < 2) return { best: null, worst: null }
  const values = eligible.map((job) => metricValue(job, metric) as number)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (low === high) return { best: null, worst: null }
  const only = (value: number): Job | null => {
    const holders = eligible.filter((job) => metricValue(job, metric) === value)
    return holders.length === 1 ? (holders[0] as Job) : null
  }
  const higher = directionOf(metric).direction === 'higher'
  return { best: only(higher ? high : low), worst: only(higher ? low : high) }
}

/** The best job by a metric, whatever its status; the first of equals. */
export function bestJob(jobs: readonly Job[], metric: string): Job | null {
  const sign = directionOf(metric).direction === 'higher' ? -1 : 1
  let best: Job | null = null
  for (const job of jobs) {
    const value = metricValue(job, metric)
    if (value === null || !Number.isFinite(value)) continue
    if (!best || sign * value < sign * (metricValue(best, metric) as number)) best = job
  }
  return best
}
