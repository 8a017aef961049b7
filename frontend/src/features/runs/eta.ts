// When a batch will be done: an exponential mean (weight 0.3) of the ten most recently finished jobs' durations,
// times the jobs that are left (wire contract, semantics section 4).
import type { Batch, Job } from './types'

const SAMPLES = 10
const WEIGHT = 0.3

/** Seconds until the end; null when nothing can be said yet. */
export function batchEta(batch: Pick<Batch, 'n_total' | 'n_done' | 'n_failed'>, jobs: readonly Job[]): number | null {
  if (!batch.n_total) return null
  const left = Math.max(0, batch.n_total - batch.n_done - batch.n_failed)
  if (left === 0) return 0
  const durations = jobs
    .filter((job) => job.status === 'done' && job.elapsed_s !== null)
    .sort((a, b) => (a.end_time ?? '').localeCompare(b.end_time ?? ''))
    .slice(-SAMPLES)
    .map((job) => job.elapsed_s as number)
  const [first, ...rest] = durations
  if (first === undefined) return null
  return Math.round(rest.reduce((mean, next) => WEIGHT * next + (1 - WEIGHT) * mean, first) * left)
}

/** How much of a batch is done, 0 to 1; null when its size is not known. */
export function completion(batch: Pick<Batch, 'n_total' | 'n_done' | 'n_failed'>): number | null {
  if (!batch.n_total) return null
  return Math.min(1, (batch.n_done + batch.n_failed) / batch.n_total)
}
