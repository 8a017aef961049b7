// Curves by job. They live outside reactivity; one version number per job tells the charts that points came.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { getBatchCurves, getJobCurves } from './api'
import { JobSeries } from './series'

const keyOf = (batchId: string, jobId: string): string => JSON.stringify([batchId, jobId])

export const useSeriesStore = defineStore('series', () => {
  const series = new Map<string, JobSeries>()
  const versions = shallowReactive(new Map<string, number>())

  const version = (batchId: string, jobId: string): number => versions.get(keyOf(batchId, jobId)) ?? 0
  const get = (batchId: string, jobId: string): JobSeries | undefined => series.get(keyOf(batchId, jobId))

  function of(key: string): JobSeries {
    const present = series.get(key) ?? new JobSeries()
    series.set(key, present)
    return present
  }

  /** Every metric of one job. */
  async function loadJob(batchId: string, jobId: string): Promise<void> {
    const read = await getJobCurves(batchId, jobId)
    const key = keyOf(batchId, jobId)
    for (const [name, curve] of Object.entries(read.series)) of(key).putColumns(name, curve.steps, curve.values)
    versions.set(key, of(key).version)
  }

  /** One metric of every job of a batch. */
  async function loadBatch(batchId: string, metric: string): Promise<void> {
    const read = await getBatchCurves(batchId, metric)
    for (const curve of read.curves) {
      const key = keyOf(batchId, curve.job_id)
      of(key).putColumns(metric, curve.steps, curve.values)
      versions.set(key, of(key).version)
    }
  }

  onLiveEvents((events) => {
    const touched = new Set<string>()
    for (const event of events) {
      if (event.event_type !== 'job_epoch' || !event.job_id) continue
      const key = keyOf(event.batch_id, event.job_id)
      of(key).put(event.data)
      touched.add(key)
    }
    for (const key of touched) versions.set(key, of(key).version)
  })

  return { versions, version, get, loadJob, loadBatch }
})
