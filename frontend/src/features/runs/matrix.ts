// Jobs of a batch as a grid of models and data sets.
import type { Job } from './types'
import { directionOf, metricValue } from './metrics'

export interface Matrix {
  models: string[]
  datasets: string[]
  /** Jobs by model and data set, in list order; several when a pair was run with several seeds. */
  cell: (model: string, dataset: string) => readonly Job[]
}

export function buildMatrix(jobs: readonly Job[]): Matrix {
  const cells = new Map<string, Job[]>()
  const models = new Set<string>()
  const datasets = new Set<string>()
  const key = (model: string, dataset: string): string => JSON.stringify([model, dataset])
  for (const job of jobs) {
    const [model, dataset] = [job.model ?? '', job.dataset ?? '']
    models.add(model)
    datasets.add(dataset)
    const found = cells.get(key(model, dataset))
    if (found) found.push(job)
    else cells.set(key(model, dataset), [job])
  }
  const sorted = (names: Set<string>): string[] => [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return { models: sorted(models), datasets: sorted(datasets), cell: (model, dataset) => cells.get(key(model, dataset)) ?? [] }
}

/** How good a value is among all, 0 (worst) to 1 (best); null when that cannot be said. */
export function goodness(jobs: readonly Job[], metric: string): (job: Job) => number | null {
  const values = jobs.map((job) => metricValue(job, metric)).filter((value): value is number => Number.isFinite(value))
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const higher = directionOf(metric).direction === 'higher'
  return (job) => {
    const value = metricValue(job, metric)
    if (value === null || !Number.isFinite(value) || !(high > low)) return null
    const share = (value - low) / (high - low)
    return higher ? share : 1 - share
  }
}
