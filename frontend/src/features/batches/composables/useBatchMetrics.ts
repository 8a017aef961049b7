// The metrics of a batch that have curves: what the server knows, and what the stream has told since.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { mainMetric, readBatchMetrics, useSeriesStore, type Job } from '@/features/runs'
import { sameItems } from '@/shared/composables/sameItems'
import { useResource } from '@/shared/composables/useResource'

export function useBatchMetrics(batchId: MaybeRefOrGetter<string>, jobs: MaybeRefOrGetter<readonly Job[]>, wanted: MaybeRefOrGetter<string>) {
  const store = useSeriesStore()
  const { data, error, loading, refresh } = useResource(() => readBatchMetrics(toValue(batchId)), { key: () => toValue(batchId) })
  const names = computed<readonly string[]>((before) => {
    const told = (data.value?.metrics ?? []).filter((metric) => metric.is_curve).map((metric) => metric.name)
    const seen = toValue(jobs).flatMap((job) => {
      void store.version(toValue(batchId), job.id)
      return store.get(toValue(batchId), job.id)?.names() ?? []
    })
    return sameItems(before, [...new Set([...told, ...seen])])
  })
  const metric = computed(() => (names.value.includes(toValue(wanted)) ? toValue(wanted) : (mainMetric(names.value) ?? '')))
  return { names, metric, error, loading, refresh }
}
