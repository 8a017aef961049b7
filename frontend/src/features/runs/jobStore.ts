// The jobs of every batch that a page has read, kept true by the live stream.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { getJob, getJobs, getLatestEpochs } from './api'
import { emptyJob, foldJob, numericValues } from './fold'
import type { EpochLatest, Job, JobOut } from './types'

type Jobs = Map<string, Job>

const MAKES_JOB = new Set(['job_start', 'job_epoch', 'job_done', 'job_failed'])

export const useJobStore = defineStore('jobs', () => {
  const byBatch = shallowReactive(new Map<string, Jobs>())

  const of = (batchId: string): Job[] => [...(byBatch.get(batchId)?.values() ?? [])]
  const one = (batchId: string, jobId: string): Job | undefined => byBatch.get(batchId)?.get(jobId)

  function jobsOf(batchId: string): Jobs {
    let jobs = byBatch.get(batchId)
    if (!jobs) {
      jobs = shallowReactive(new Map<string, Job>())
      byBatch.set(batchId, jobs)
    }
    return jobs
  }

  function put(job: JobOut): Job {
    const jobs = jobsOf(job.batch_id)
    const next = { ...jobs.get(job.id), ...job }
    jobs.set(job.id, next)
    return next
  }

  function putLatest(batchId: string, latest: readonly EpochLatest[]): void {
    const jobs = jobsOf(batchId)
    for (const { job_id: id, epoch, val_loss_trace, train_loss, val_loss, lr, metrics } of latest) {
      const job = jobs.get(id)
      if (!job || (job.progress?.epoch ?? -1) > epoch) continue
      const values = { ...job.progress?.values, ...numericValues({ ...metrics, train_loss, val_loss, lr }) }
      const read = val_loss_trace.filter((value): value is number => value !== null)
      const held = job.progress?.trace ?? []
      jobs.set(id, { ...job, progress: { epoch, values, trace: held.length > read.length ? held : read } })
    }
  }

  /** Reads the jobs of a batch. They stand under the name that it was asked by, which on public pages may be a slug. */
  async function loadBatch(batchId: string): Promise<void> {
    const [jobs, latest] = await Promise.all([getJobs(batchId), getLatestEpochs(batchId)])
    jobs.forEach((job) => put({ ...job, batch_id: batchId }))
    putLatest(batchId, latest.jobs)
  }

  async function loadOne(batchId: string, jobId: string): Promise<Job> {
    return put({ ...(await getJob(batchId, jobId)), batch_id: batchId })
  }

  function apply(event: LiveEvent): void {
    if (!event.job_id) return
    const jobs = byBatch.get(event.batch_id)
    if (!jobs) return
    const job = jobs.get(event.job_id) ?? (MAKES_JOB.has(event.event_type) ? emptyJob(event) : undefined)
    if (job) jobs.set(event.job_id, foldJob(job, event))
  }
  onLiveEvents((events) => events.forEach(apply))

  return { byBatch, of, one, put, putLatest, loadBatch, loadOne }
})
