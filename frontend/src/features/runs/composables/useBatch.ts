// One batch with its jobs, followed live.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { onChannelClosed } from '@/api/hub'
import { useResource } from '@/shared/composables/useResource'
import { useBatchStore } from '../batchStore'
import { useJobStore } from '../jobStore'

export function useBatch(id: MaybeRefOrGetter<string>) {
  const batches = useBatchStore()
  const jobs = useJobStore()
  const { error, loading, refresh } = useResource(
    () => Promise.all([batches.load(toValue(id)), jobs.loadBatch(toValue(id))]),
    { key: id },
  )
  // Access has ended, or the batch is gone: ask what is true now.
  onChannelClosed((channel) => {
    if (channel === `batch:${toValue(id)}`) void refresh()
  })
  return {
    batch: computed(() => batches.byId.get(toValue(id)) ?? null),
    jobs: computed(() => jobs.of(toValue(id))),
    error,
    loading,
    refresh,
  }
}
