// The readings of one host over time: read once, then moved by the stream.
import { computed, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { useResource } from '@/shared/composables/useResource'
import { readSnapshots, type Snapshot } from '../api'
import { snapshotOf } from '../usage'

const MOST = 5_000

export interface SnapshotWindow {
  host: string
  since: string | null
  until: string | null
}

export function useSnapshots(window: MaybeRefOrGetter<SnapshotWindow>) {
  const snapshots = shallowRef<Snapshot[]>([])
  const { error, loading, refresh } = useResource(
    async () => {
      const { host, since, until } = toValue(window)
      const read = await readSnapshots(host, since ?? undefined, MOST)
      snapshots.value = read.filter((snapshot) => until === null || snapshot.timestamp <= until).reverse()
    },
    { key: () => JSON.stringify(toValue(window)) },
  )
  onLiveEvents((events) => {
    const { host, until } = toValue(window)
    if (until !== null) return
    const fresh = events.filter((event) => event.event_type === 'resource_snapshot' && event.source.host === host).map(snapshotOf)
    if (fresh.length > 0) snapshots.value = [...snapshots.value, ...fresh].slice(-MOST)
  })
  return { snapshots: computed(() => snapshots.value), error, loading, refresh }
}
