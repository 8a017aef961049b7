// The lanes that are shown: laid out again when jobs change, cut to what is in sight.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { isLive, type Batch, type Job } from '@/features/runs'
import { useNow } from '@/shared/composables/useNow'
import { barsOf, packed, single, spanOf } from './layout'

export type Grouping = 'slots' | 'jobs'

export function useLanes(batch: MaybeRefOrGetter<Batch>, jobs: MaybeRefOrGetter<readonly Job[]>, grouping: MaybeRefOrGetter<Grouping>) {
  const clock = useNow()
  const live = computed(() => isLive(toValue(batch).status))
  // What has ended does not move: only a batch that runs follows the clock, and that every five seconds.
  const now = computed(() => (live.value ? Math.floor(clock.value / 5_000) * 5_000 + 5_000 : 0))
  const bars = computed(() => barsOf(toValue(jobs), now.value || Date.now()))
  const lanes = computed(() => (toValue(grouping) === 'jobs' ? single(bars.value) : packed(bars.value)))
  const span = computed(() => spanOf(bars.value, now.value || Date.now(), live.value))
  return { live, now, bars, lanes, span }
}
