// A batch's matrix without seed groups, from the jobs that the live stream keeps true: a cell shows its last job.
import { metricValue, type Job } from '@/features/runs'
import { extremes } from './board'
import type { Board, Cell, Spread, Toward } from './types'

const NOTHING: Spread = { n: 0, mean: null, std: null, min: null, max: null }
const alone = (value: number | null): Spread => (value === null || !Number.isFinite(value) ? NOTHING : { n: 1, mean: value, std: null, min: value, max: value })

export interface LocalWish {
  metric: string
  others: readonly string[]
  direction: Toward
  isSure: boolean
}

/** Whether a board of these jobs would be the same one: epochs come many times a second, and change nothing in it. */
export const isSameBoard = (before: readonly Job[], jobs: readonly Job[]): boolean =>
  before.length === jobs.length && jobs.every((job, at) => job === before[at] || SHOWN.every((part) => job[part] === before[at]?.[part]))

const SHOWN = ['id', 'batch_id', 'model', 'dataset', 'status', 'is_idle_flagged', 'metrics'] as const

export function localBoard(jobs: readonly Job[], wish: LocalWish): Board {
  const places = new Map<string, Map<string, Job[]>>()
  for (const job of jobs) {
    const row = places.get(job.model ?? '') ?? new Map<string, Job[]>()
    places.set(job.model ?? '', row)
    row.set(job.dataset ?? '', [...(row.get(job.dataset ?? '') ?? []), job])
  }
  const rows = [...places.keys()]
  const cols = [...new Set([...places.values()].flatMap((row) => [...row.keys()]))]
  const cells = rows.map((model) => cols.map((dataset) => cellOf(places.get(model)?.get(dataset) ?? [], wish)))
  const flat = cells.flat()
  const { best, worst } = extremes(flat, wish.direction)
  flat.forEach((cell, place) => {
    if (cell) Object.assign(cell, { best: place === best, worst: place === worst })
  })
  return { metric: wish.metric, direction: wish.direction, is_sure: wish.isSure, seeds: false, others: [...wish.others], rows, cols, cells }
}

function cellOf(jobs: readonly Job[], wish: LocalWish): Cell | null {
  const job = jobs.at(-1)
  if (!job) return null
  const own = alone(metricValue(job, wish.metric))
  const states: Record<string, number> = {}
  for (const { status } of jobs) states[status ?? 'unknown'] = (states[status ?? 'unknown'] ?? 0) + 1
  return {
    ...own,
    best: false,
    worst: false,
    is_eligible: job.status === 'done' && !job.is_idle_flagged && own.n > 0,
    n_members: 1,
    n_jobs: jobs.length,
    n_groups: jobs.length,
    states,
    others: Object.fromEntries(wish.others.map((name) => [name, alone(metricValue(job, name))])),
    jobs: [...jobs].reverse().map((one) => {
      const value = metricValue(one, wish.metric)
      return { batch_id: one.batch_id, job_id: one.id, status: one.status, value: Number.isFinite(value) ? value : null, seed: null, is_counted: one === job && own.n > 0 }
    }),
  }
}
