// Every GPU, live: the server says whose each is, the stream moves the numbers.
import { onScopeDispose, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { useResource } from '@/shared/composables/useResource'
import { readGpus, type GpuScope, type GpuTile } from '../api'
import { foldReading } from '../wall'

const AGAIN_MS = 5_000
const CHANGES = new Set(['batch_start', 'batch_done', 'batch_failed', 'batch_stopped', 'batch_stalled', 'job_start'])

export function useGpuWall(scope: MaybeRefOrGetter<GpuScope> = 'all') {
  const tiles = shallowRef<readonly GpuTile[]>([])
  const { error, loading, refresh } = useResource(
    async () => {
      tiles.value = await readGpus(toValue(scope))
    },
    { key: () => toValue(scope) },
  )
  let planned: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(planned))

  /** When something changed, and at most once in a while. */
  function readAgain(): void {
    planned ??= setTimeout(() => {
      planned = undefined
      void refresh()
    }, AGAIN_MS)
  }

  onLiveEvents((events) => {
    if (events.some((event) => CHANGES.has(event.event_type))) readAgain()
    for (const event of events) {
      if (event.event_type !== 'resource_snapshot') continue
      const folded = foldReading(tiles.value, event)
      tiles.value = folded.tiles
      if (folded.isStale) readAgain()
    }
  })
  return { tiles, error, loading, refresh }
}
