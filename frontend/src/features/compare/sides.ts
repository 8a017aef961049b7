// What stands in one column of a comparison, be it a batch (told by its best job) or a job. Pure.
import type { RouteLocationRaw } from 'vue-router'
import type { BatchComparison, JobComparison } from './api'
import { keyOfJob, type JobKey } from './selection'

type Told = Readonly<Record<string, unknown>>

export interface Side {
  key: string
  title: string
  subtitle: string
  to: RouteLocationRaw
  status: string | null
  metrics: Readonly<Record<string, number>>
  config: Told
  environment: Told
  facts: Told
  /** The job whose curve stands for it, and those that differ from it by the seed alone. */
  curve: JobKey | null
  seeds: readonly JobKey[]
  /** Sides with the same one differ by their seed alone. */
  group: string
}

const words = (...parts: (string | null | undefined)[]): string => parts.filter(Boolean).join(' · ')

export function sidesOfBatches(comparison: BatchComparison): Side[] {
  return comparison.batches.map((batch) => {
    const key = (jobId: string): JobKey => ({ batchId: batch.batch_id, jobId })
    return {
      key: batch.batch_id,
      title: batch.name ?? batch.batch_id,
      subtitle: words(batch.project, batch.best_job_id),
      to: { name: 'batch', params: { batchId: batch.batch_id } },
      status: batch.status,
      metrics: batch.metrics,
      config: batch.config,
      environment: { host: batch.host, command: batch.command, ...batch.environment },
      facts: { project: batch.project, model: batch.model, dataset: batch.dataset, jobs: batch.jobs.length, done: batch.n_done, failed: batch.n_failed },
      curve: batch.best_job_id ? key(batch.best_job_id) : null,
      seeds: batch.seed_job_ids.map(key),
      group: batch.batch_id,
    }
  })
}

export function sidesOfJobs(comparison: JobComparison): Side[] {
  const members = groups(comparison.jobs)
  // Jobs of several batches often have the same id: then the batch tells them apart.
  const shared = new Set(comparison.jobs.map((job) => job.job_id).filter((id, at, ids) => ids.indexOf(id) !== at))
  return comparison.jobs.map((job) => {
    const key: JobKey = { batchId: job.batch_id, jobId: job.job_id }
    return {
      key: keyOfJob(key),
      title: shared.has(job.job_id) ? `${job.batch_name ?? job.batch_id} / ${job.job_id}` : job.job_id,
      subtitle: words(job.batch_name ?? job.batch_id, job.model, job.dataset),
      to: { name: 'job', params: { batchId: job.batch_id, jobId: job.job_id } },
      status: job.status,
      metrics: job.metrics,
      config: job.config,
      environment: { host: job.host, command: job.command, ...job.environment },
      facts: { project: job.project, batch: job.batch_name ?? job.batch_id, model: job.model, dataset: job.dataset, elapsed_s: job.elapsed_s },
      curve: key,
      seeds: (members.get(job.seed_group) ?? []).map((member) => ({ batchId: member.batch_id, jobId: member.job_id })),
      group: job.seed_group,
    }
  })
}

function groups(jobs: JobComparison['jobs']): Map<string, JobComparison['jobs']> {
  const found = new Map<string, JobComparison['jobs']>()
  for (const job of jobs) found.set(job.seed_group, [...(found.get(job.seed_group) ?? []), job])
  return found
}
