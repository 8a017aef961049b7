// How a batch goes, as numbers for one sentence. Pure.
import { bucketOf, isLive, type Batch, type Job } from '@/features/runs'

export interface Answer {
  running: number
  stalled: number
  failed: number
  done: number
  /** Jobs that are still to come; null when the batch did not say how many it has. */
  left: number | null
  live: boolean
}

/** Jobs that run count as stalled where they are idle, or where the whole batch has gone silent. */
export function answerOf(batch: Batch, jobs: readonly Job[]): Answer {
  const live = isLive(batch.status)
  const silent = live && (batch.is_stalled || batch.status === 'stalled')
  const moving = jobs.filter((job) => bucketOf(job.status) === 'running')
  const stalled = silent ? moving.length : moving.filter((job) => job.is_idle_flagged).length
  const ended = batch.n_done + batch.n_failed
  const left = batch.n_total ? Math.max(0, batch.n_total - ended - moving.length) : null
  return { running: moving.length - stalled, stalled, failed: batch.n_failed, done: batch.n_done, left: live ? left : null, live }
}
