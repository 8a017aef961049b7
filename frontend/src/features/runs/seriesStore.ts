// Curves by job. They live outside reactivity; one version number per job tells the charts that points came.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { getEpochs } from './api'
import { JobSeries } from './series'

const keyOf = (batchId: string, jobId: string): string => JSON.stringify([batchId, jobId])

export const useSeriesStore = defineStore('series', () => {
  const series = new Map<string, JobSeries>()
  const versions = shallowReactive(new Map<string, number>())

  const version = (batchId: string, jobId: string): number => versions.get(keyOf(batchId, jobId)) ?? 0
  const get = (batchId: string, jobId: string): JobSeries | undefined => series.get(keyOf(batchId, jobId))

  async function load(batchId: string, jobId: string): Promise<void> {
    const key = keyOf(batchId, jobId)
    const present = series.get(key) ?? new JobSeries()
    series.set(key, present)
    for (const point of await getEpochs(batchId, jobId)) present.put(point)
    versions.set(key, present.version)
  }

  onLiveEvents((events) => {
    const touched = new Set<string>()
    for (const event of events) {
      if (event.event_type !== 'job_epoch' || !event.job_id) continue
      const key = keyOf(event.batch_id, event.job_id)
      series.get(key)?.put(event.data)
      if (series.has(key)) touched.add(key)
    }
    for (const key of touched) versions.set(key, series.get(key)?.version ?? 0)
  })

  return { versions, version, get, load }
})
