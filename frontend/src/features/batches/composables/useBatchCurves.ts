// One metric of every job of a batch: read in one go, then moved by the stream.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { mainMetric, readBatchMetrics, useSeriesStore, type Job, type Kind } from '@/features/runs'
import { coloursOf, type LineSeries, type XAxis } from '@/shared/charts'
import { useResource } from '@/shared/composables/useResource'
import { themeName } from '@/shared/theme'

export const MOST_CURVES = 100

export function useBatchCurves(batchId: MaybeRefOrGetter<string>, jobs: MaybeRefOrGetter<readonly Job[]>, wanted: MaybeRefOrGetter<string>, axis: MaybeRefOrGetter<XAxis>) {
  const store = useSeriesStore()
  const id = (): string => toValue(batchId)
  const shown = computed(() => [...toValue(jobs)].sort((a, b) => (b.start_time ?? '').localeCompare(a.start_time ?? '')).slice(0, MOST_CURVES))
  const versions = computed(() => shown.value.reduce((sum, job) => sum + store.version(id(), job.id), 0))

  const known = useResource(() => readBatchMetrics(id()), { key: id })
  const names = computed(() => {
    void versions.value
    const told = (known.data.value?.metrics ?? []).filter((metric) => metric.is_curve).map((metric) => metric.name)
    const seen = shown.value.flatMap((job) => store.get(id(), job.id)?.names() ?? [])
    return [...new Set([...told, ...seen])]
  })
  const metric = computed(() => (names.value.includes(toValue(wanted)) ? toValue(wanted) : (mainMetric(names.value) ?? '')))
  const { error, loading, refresh } = useResource(() => store.loadBatch(id(), metric.value), {
    key: () => `${id()}\n${metric.value}`,
    enabled: () => metric.value !== '',
  })

  const colours = computed(() => coloursOf(shown.value.map((job) => job.id), themeName.value))
  const series = computed<LineSeries[]>(() => {
    void versions.value
    return shown.value.flatMap((job) => {
      const points = store.get(id(), job.id)?.points(metric.value, undefined, toValue(axis)) ?? []
      if (!points.some(([, y]) => y !== null)) return []
      const name = job.model || job.dataset ? [job.model, job.dataset].filter(Boolean).join(' · ') : job.id
      return [{ id: job.id, name, points, colour: colours.value.get(job.id) ?? '' }]
    })
  })

  /** Where each job began anew, in seconds since 1970 and as a place on the axis. */
  const resumes = computed(() =>
    series.value.flatMap(({ id: jobId, name }) => {
      const known = store.get(id(), jobId)
      return (known?.resumePlaces(known.kindOf(metric.value), toValue(axis)) ?? []).map((place) => ({ ...place, jobId, name }))
    }),
  )

  const kind = computed<Kind>(() => {
    const kinds = series.value.map((line) => store.get(id(), line.id)?.kindOf(metric.value))
    return kinds.length > 0 && kinds.every((one) => one === 'step') ? 'step' : 'epoch'
  })

  return {
    kind,
    names,
    metric,
    series,
    resumes,
    error: computed(() => known.error.value ?? error.value),
    loading: computed(() => known.loading.value || (metric.value !== '' && loading.value)),
    refresh: () => Promise.all([known.refresh(), refresh()]),
  }
}
