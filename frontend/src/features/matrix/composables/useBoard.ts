// A board from the server that stays in place while another one is on its way, and follows what happens.
import { onScopeDispose, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { useResource, type Resource } from '@/shared/composables/useResource'

const CHANGES = new Set(['job_start', 'job_done', 'job_failed', 'batch_done', 'batch_failed', 'batch_stopped'])
const SOONEST_MS = 1_000
const LATEST_MS = 6_000
// A board that took long to read is read less often: the reader's time is shared with everyone's server.
const RESTS = 4

export interface BoardOptions {
  /** What is another board: the first-load state is shown again. */
  place: MaybeRefOrGetter<string>
  /** What is another look at the same: the board stays until the new one is there. */
  look: MaybeRefOrGetter<unknown>
  concerns: (event: LiveEvent) => boolean
  enabled?: MaybeRefOrGetter<boolean>
}

export function useBoard<T>(load: () => Promise<T>, options: BoardOptions): Resource<T> {
  const enabled = (): boolean => toValue(options.enabled) ?? true
  let took = 0
  let planned: ReturnType<typeof setTimeout> | undefined

  async function timed(): Promise<T> {
    const begin = performance.now()
    try {
      return await load()
    } finally {
      took = performance.now() - begin
    }
  }
  const resource = useResource(timed, { key: options.place, enabled })

  watch(
    () => [JSON.stringify(toValue(options.look)), enabled()] as const,
    ([, on], [, was]) => {
      // What becomes enabled is read by that.
      if (on && was) void resource.refresh()
    },
  )
  onLiveEvents((events) => {
    if (!enabled() || !events.some((event) => CHANGES.has(event.event_type) && options.concerns(event))) return
    planned ??= setTimeout(
      () => {
        planned = undefined
        void resource.refresh()
      },
      Math.min(LATEST_MS, Math.max(SOONEST_MS, RESTS * took)),
    )
  })
  onScopeDispose(() => clearTimeout(planned))
  return resource
}
