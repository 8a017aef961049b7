// A list of batches whose rows stay where they are: live events change them in place, and new ones wait behind a count.
import { computed, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents, useLiveChannels } from '@/api/hub'
import { useBatchStore, type Batch } from '@/features/runs'
import { useResource } from '@/shared/composables/useResource'

export interface ListFilter {
  project?: string
  status?: string
  q?: string
}

export const LIMIT = 500

export function useBatchList(filter: MaybeRefOrGetter<ListFilter>) {
  const store = useBatchStore()
  const ids = shallowRef<string[]>([])
  const waiting = ref(new Set<string>())
  let reorder = true
  useLiveChannels(['visible'])

  const { error, loading, refresh } = useResource(
    async () => {
      const read = (await store.list({ ...toValue(filter), limit: LIMIT })).map((batch) => batch.id)
      // After a gap in the stream the rows on screen keep their places.
      if (reorder || ids.value.length === 0) {
        ids.value = read
        waiting.value = new Set()
        reorder = false
      } else {
        const known = new Set(ids.value)
        waiting.value = new Set(read.filter((id) => !known.has(id)))
      }
    },
    { key: () => JSON.stringify(toValue(filter)) },
  )
  watch(
    () => JSON.stringify(toValue(filter)),
    () => {
      reorder = true
      ids.value = []
    },
  )

  onLiveEvents((events) => {
    const { project, status } = toValue(filter)
    for (const event of events) {
      if (event.event_type !== 'batch_start' || ids.value.includes(event.batch_id)) continue
      if ((project && event.source.project !== project) || (status && status !== 'running')) continue
      if (ids.value.length === 0) ids.value = [event.batch_id]
      else waiting.value = new Set([...waiting.value, event.batch_id])
    }
  })

  return {
    batches: computed(() => ids.value.map((id) => store.byId.get(id)).filter((batch): batch is Batch => batch !== undefined)),
    waiting: computed(() => waiting.value.size),
    error,
    loading,
    refresh,
    async showNew(): Promise<void> {
      reorder = true
      await refresh()
    },
  }
}
