// Reads again what a page shows after events that concern it: soon, and never more often than a reader can follow.
import { onScopeDispose, ref, type Ref } from 'vue'
import { onLiveEvents } from '@/api/hub'
import type { LiveEvent } from '@/api/live'

const REST_MS = 1_500

export function useRefreshOnEvents(concerns: (event: LiveEvent) => boolean, refresh: () => unknown, restMs = REST_MS): { count: Readonly<Ref<number>> } {
  const count = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined
  onLiveEvents((events) => {
    if (timer !== undefined || !events.some(concerns)) return
    timer = setTimeout(() => {
      timer = undefined
      count.value += 1
      void refresh()
    }, restMs)
  })
  onScopeDispose(() => clearTimeout(timer))
  return { count }
}
