// What is compared, read anew when the selection changes, and while its jobs report.
import { computed } from 'vue'
import { useLiveChannels } from '@/api/hub'
import { useRefreshOnEvents } from '@/shared/composables/useRefreshOnEvents'
import { useResource } from '@/shared/composables/useResource'
import { compareBatchesBy, compareJobsBy, type BatchComparison, type JobComparison } from '../api'
import { FEWEST_BATCHES } from '../selection'
import { sidesOfBatches, sidesOfJobs } from '../sides'
import type { SelectionModel } from './useSelection'

type Compared = { batches: BatchComparison; jobs: null } | { batches: null; jobs: JobComparison }

export function useComparison(selection: SelectionModel) {
  const enabled = computed(() => (selection.mode.value === 'batches' ? selection.batches.value.length >= FEWEST_BATCHES : selection.jobs.value.length > 0))
  // The order of columns needs no new reading.
  const key = computed(() => JSON.stringify([selection.mode.value, [...selection.keys.value].sort()]))

  async function load(): Promise<Compared> {
    if (selection.mode.value === 'batches') return { batches: await compareBatchesBy(selection.batches.value), jobs: null }
    return { batches: null, jobs: await compareJobsBy(selection.jobs.value) }
  }
  const { data, error, loading, refresh } = useResource(load, { key, enabled })

  useLiveChannels(() => (enabled.value ? ['visible'] : []))
  const batchIds = computed(() => new Set(selection.mode.value === 'batches' ? selection.batches.value : selection.jobs.value.map(({ batchId }) => batchId)))
  const { count } = useRefreshOnEvents((event) => batchIds.value.has(event.batch_id) && event.job_id !== null, () => (enabled.value ? refresh() : undefined))

  const ordered = computed(() => {
    const found = data.value
    if (!found) return []
    const sides = found.batches ? sidesOfBatches(found.batches) : sidesOfJobs(found.jobs)
    const byKey = new Map(sides.map((side) => [side.key, side]))
    return selection.keys.value.flatMap((one) => byKey.get(one) ?? [])
  })
  return {
    enabled,
    error,
    loading: computed(() => enabled.value && loading.value),
    refresh,
    /** Rises when what is compared reported something new. */
    version: count,
    sides: ordered,
    /** In the order of the sides. */
    batches: computed<BatchComparison | null>(() => {
      const found = data.value?.batches
      if (!found) return null
      const byId = new Map(found.batches.map((batch) => [batch.batch_id, batch]))
      return { ...found, batches: selection.batches.value.flatMap((id) => byId.get(id) ?? []) }
    }),
    directions: computed(() => data.value?.batches?.directions ?? data.value?.jobs?.directions ?? {}),
    metrics: computed(() => data.value?.batches?.metric_union ?? data.value?.jobs?.metric_union ?? []),
    curveNames: computed(() => data.value?.batches?.curve_names ?? data.value?.jobs?.curve_names ?? []),
  }
}
