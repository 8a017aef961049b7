// New results beside the best that their project has on the same data.
import { directionOf, metricValue, type Direction, type Job } from '@/features/runs'
import type { JobListItem, LeaderboardRow } from './api'

export interface Result {
  batchId: string
  jobId: string
  project: string
  what: string
  metric: string
  value: number
  best: number | null
  /** How far it is from the best, in parts of it; 0 for the best itself. */
  behind: number | null
  isBest: boolean
  at: string | null
}

/** By project: the metric that decides there, and the best value on each data set. */
export interface Board {
  metric: string
  best: ReadonlyMap<string, number>
}

export type Boards = ReadonlyMap<string, Board>

export function boardOf(metric: string, rows: readonly LeaderboardRow[]): Board {
  const sign = directionOf(metric).direction === 'higher' ? -1 : 1
  const best = new Map<string, number>()
  for (const { dataset, best_metric: value } of rows) {
    if (value === null) continue
    const known = best.get(dataset)
    if (known === undefined || sign * value < sign * known) best.set(dataset, value)
  }
  return { metric, best }
}

export function resultsOf(items: readonly JobListItem[], boards: Boards): Result[] {
  return items.flatMap(({ job, project }) => resultOf(job, project, boards.get(project)))
}

function resultOf(job: Job, project: string, board: Board | undefined): Result[] {
  const value = board ? metricValue(job, board.metric) : null
  if (!board || value === null) return []
  const { metric } = board
  const best = board.best.get(job.dataset ?? '') ?? null
  const behind = !best ? null : distance(value, best, directionOf(metric).direction)
  const what = [job.model, job.dataset].filter(Boolean).join(' · ') || job.id
  return [{ batchId: job.batch_id, jobId: job.id, project, what, metric, value, best, behind, isBest: value === best, at: job.end_time ?? job.start_time }]
}

function distance(value: number, best: number, direction: Direction): number {
  const sign = direction === 'higher' ? 1 : -1
  return (sign * (best - value)) / Math.abs(best)
}
