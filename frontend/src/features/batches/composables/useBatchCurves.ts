// The curves of all jobs of a batch: read once for each job, then moved by the stream.
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { asApiError } from '@/api/errors'
import { onResync } from '@/api/hub'
import { useSeriesStore, type Job } from '@/features/runs'
import { colourOf, type LineSeries } from '@/shared/charts'
import { themeName } from '@/shared/theme'

export const MOST_CURVES = 100
const AT_ONCE = 6

export function useBatchCurves(batchId: MaybeRefOrGetter<string>, jobs: MaybeRefOrGetter<readonly Job[]>) {
  const store = useSeriesStore()
  const loading = ref(true)
  const shown = computed(() => [...toValue(jobs)].sort((a, b) => (b.start_time ?? '').localeCompare(a.start_time ?? '')).slice(0, MOST_CURVES))
  const asked = new Set<string>()

  async function readAll(ids: string[]): Promise<void> {
    const queue = [...ids]
    const worker = async (): Promise<void> => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        const job = id
        await store.load(toValue(batchId), job).catch((cause: unknown) => {
          // One curve that cannot be read leaves the others; the next gap or visit asks again.
          if (asApiError(cause).status === -1) throw cause
          asked.delete(job)
        })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    loading.value = false
  }

  watch(
    () => shown.value.map((job) => job.id).join('\n'),
    () => {
      const missing = shown.value.map((job) => job.id).filter((id) => !asked.has(id))
      missing.forEach((id) => asked.add(id))
      void readAll(missing)
    },
    { immediate: true },
  )
  onResync(() => void readAll([...asked]))

  const versions = computed(() => shown.value.reduce((sum, job) => sum + store.version(toValue(batchId), job.id), 0))
  const names = computed(() => {
    void versions.value
    return [...new Set(shown.value.flatMap((job) => store.get(toValue(batchId), job.id)?.names() ?? []))].sort()
  })

  function seriesOf(metric: string): LineSeries[] {
    void versions.value
    return shown.value.flatMap((job) => {
      const points = store.get(toValue(batchId), job.id)?.points(metric) ?? []
      if (!points.some(([, y]) => y !== null)) return []
      const name = job.model || job.dataset ? [job.model, job.dataset].filter(Boolean).join(' · ') : job.id
      return [{ id: job.id, name, points, colour: colourOf(job.id, themeName.value) }]
    })
  }

  return { names, seriesOf, loading }
}
