// Curves by job. They live outside reactivity; one version number per job tells the charts that points came.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import type { XAxis } from '@/shared/charts'
import { getBatchCurves, getJobCurves, queryCurves } from './api'
import { JobSeries, type Kind } from './series'

const keyOf = (batchId: string, jobId: string): string => JSON.stringify([batchId, jobId])

export const useSeriesStore = defineStore('series', () => {
  const series = new Map<string, JobSeries>()
  const versions = shallowReactive(new Map<string, number>())
  // Charts that share their zoom ask for the same part at once.
  const refining = new Set<string>()

  const version = (batchId: string, jobId: string): number => versions.get(keyOf(batchId, jobId)) ?? 0
  const get = (batchId: string, jobId: string): JobSeries | undefined => series.get(keyOf(batchId, jobId))

  function of(key: string): JobSeries {
    const present = series.get(key) ?? new JobSeries()
    series.set(key, present)
    return present
  }

  /** Every metric of one job. */
  async function loadJob(batchId: string, jobId: string): Promise<void> {
    const key = keyOf(batchId, jobId)
    const mark = of(key).open()
    const read = await getJobCurves(batchId, jobId).catch((error: unknown) => {
      of(key).close(mark, null)
      throw error
    })
    of(key).close(mark, read)
    versions.set(key, of(key).version)
  }

  /** More points of a part of a job's curves, where the server has more than are here. */
  async function refineJob(batchId: string, jobId: string, kind: Kind, from: number, to: number, axis: XAxis = 'step'): Promise<void> {
    const key = keyOf(batchId, jobId)
    const steps = of(key).stepsBetween(kind, axis, from, to)
    if (!steps) return
    const part = { kind, from_step: Math.floor(steps[0]), to_step: Math.ceil(steps[1]) }
    const asked = key + JSON.stringify(part)
    if (!of(key).isThinned(kind) || refining.has(asked)) return
    refining.add(asked)
    try {
      of(key).refine((await getJobCurves(batchId, jobId, part)).series)
      versions.set(key, of(key).version)
    } finally {
      refining.delete(asked)
    }
  }

  /** One metric of these jobs of a batch; more points of a part of it where a range is given. */
  async function loadJobs(batchId: string, jobIds: readonly string[], metric: string, part: { from_step?: number; to_step?: number; kind?: Kind } = {}): Promise<void> {
    if (jobIds.length === 0) return
    const wanted = jobIds.map((job_id) => ({ batch_id: batchId, job_id, metrics: [metric] }))
    for (const { job_id: jobId, series: read, resumes } of (await queryCurves({ series: wanted, ...part })).results) {
      const key = keyOf(batchId, jobId)
      of(key).refine(read, resumes)
      versions.set(key, of(key).version)
    }
  }

  /** More points of a part of one metric of these jobs, of those that have more on the server. */
  async function refineJobs(batchId: string, jobIds: readonly string[], metric: string, kind: Kind, from: number, to: number, axis: XAxis = 'step'): Promise<void> {
    const thinned = jobIds.filter((jobId) => get(batchId, jobId)?.isThinned(kind))
    const ranges = thinned.flatMap((jobId) => get(batchId, jobId)?.stepsBetween(kind, axis, from, to) ?? [])
    if (ranges.length === 0) return
    await loadJobs(batchId, thinned, metric, { kind, from_step: Math.floor(Math.min(...ranges)), to_step: Math.ceil(Math.max(...ranges)) })
  }

  /** One metric of every job of a batch. */
  async function loadBatch(batchId: string, metric: string): Promise<void> {
    const marks = new Map([...series].map(([key, known]) => [key, known.open()] as const))
    const read = new Map<string, BatchCurve>()
    try {
      for (const curve of (await getBatchCurves(batchId, metric)).curves) read.set(keyOf(batchId, curve.job_id), curve)
    } finally {
      for (const [key, mark] of marks) of(key).close(mark, asRead(read.get(key)))
    }
    for (const [key, curve] of read) {
      // Of a job that was unknown when reading began, the stream may have told more than this.
      if (!marks.has(key)) of(key).refine([curve], curve.resumes)
      versions.set(key, of(key).version)
    }
  }

  onLiveEvents((events) => {
    const touched = new Set<string>()
    for (const event of events) {
      if (!event.job_id) continue
      const key = keyOf(event.batch_id, event.job_id)
      if (fold(of(key), event)) touched.add(key)
    }
    for (const key of touched) versions.set(key, of(key).version)
  })

  return { versions, version, get, loadJob, loadJobs, refineJob, refineJobs, loadBatch }
})

type BatchCurve = Awaited<ReturnType<typeof getBatchCurves>>['curves'][number]

const asRead = (curve: BatchCurve | undefined) => (curve ? { series: [curve], resumes: curve.resumes } : null)

/** Whether the event was one that changes curves. */
function fold(series: JobSeries, event: LiveEvent): boolean {
  const time = Date.parse(event.timestamp) / 1000
  if (event.event_type === 'job_epoch') series.put(event.data, 'epoch', time)
  else if (event.event_type === 'job_step') series.put(event.data, 'step', time)
  else if (event.event_type === 'job_start') series.begin(time)
  else return false
  return true
}
