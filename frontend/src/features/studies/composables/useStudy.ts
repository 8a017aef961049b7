// One study, read anew while its trials begin, report and end.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useLiveChannels } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { useRefreshOnEvents } from '@/shared/composables/useRefreshOnEvents'
import { useResource } from '@/shared/composables/useResource'
import { readStudy } from '../api'
import { aimOf } from '../trials'

const MOVES = new Set(['job_start', 'job_done', 'job_failed', 'batch_done', 'batch_failed', 'batch_stopped'])

/** Whether an event is of a trial of this study, as far as it tells. */
export function concerns(event: LiveEvent, name: string, batchIds: ReadonlySet<string>): boolean {
  if (!MOVES.has(event.event_type)) return false
  const told = event.data.optuna
  const named = typeof told === 'object' && told !== null && 'study_name' in told ? String(told.study_name) : null
  return named === name || batchIds.has(event.batch_id)
}

export function useStudy(name: MaybeRefOrGetter<string>) {
  const { data, error, loading, refresh } = useResource(() => readStudy(toValue(name)), { key: () => toValue(name) })
  const batchIds = computed(() => new Set((data.value?.trials ?? []).map(({ batch_id: id }) => id)))
  useLiveChannels(['visible'])
  const { count } = useRefreshOnEvents((event) => concerns(event, toValue(name), batchIds.value), refresh)
  return { study: data, error, loading, refresh, aim: computed(() => aimOf(data.value?.direction)), version: count }
}
