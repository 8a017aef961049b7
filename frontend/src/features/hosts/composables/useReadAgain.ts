// Sums over a host's readings are the server's: read anew, at most once in a while, when the host says something.
import { onScopeDispose, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents } from '@/api/hub'

const AGAIN_MS = 30_000

export function useReadAgain(host: MaybeRefOrGetter<string | null>, refresh: () => Promise<void>): void {
  let planned: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(planned))
  onLiveEvents((events) => {
    const name = toValue(host)
    if (!events.some((event) => event.event_type === 'resource_snapshot' && (name === null || event.source.host === name))) return
    planned ??= setTimeout(() => {
      planned = undefined
      void refresh()
    }, AGAIN_MS)
  })
}
