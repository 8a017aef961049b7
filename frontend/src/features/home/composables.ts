// Everything that Home shows, followed live.
import { computed, ref, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents, useLiveChannels } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { useHostStore } from '@/features/hosts'
import { isLive, listCompact, useBatchStore, useJobStore, type Batch, type ScopeName } from '@/features/runs'
import { useResource } from '@/shared/composables/useResource'
import { readDashboard, type ActivityItem, type Dashboard } from './api'

const MOST_RUNNING = 12
const MOST_ACTIVITY = 20
const COUNTED = new Set(['batch_start', 'batch_done', 'batch_failed', 'job_start', 'job_done', 'job_failed', 'batch_stopped'])
const TOLD = new Set(['batch_start', 'batch_done', 'batch_failed', 'job_failed'])
const RECOUNT_MS = 2_000

export function useHome(scope: MaybeRefOrGetter<ScopeName>) {
  const hosts = useHostStore()
  const batches = useBatchStore()
  const jobs = useJobStore()
  const runningIds = shallowRef<string[]>([])
  const board = shallowRef<Dashboard | null>(null)
  const activity = shallowRef<ActivityItem[]>([])
  const everRan = ref(true)

  async function load(): Promise<void> {
    const [dashboard, compact, any] = await Promise.all([
      readDashboard(toValue(scope)),
      listCompact({ status: 'running', limit: MOST_RUNNING, scope: toValue(scope) }),
      batches.list({ limit: 1 }),
    ])
    board.value = dashboard
    activity.value = dashboard.activity
    everRan.value = any.length > 0
    hosts.put(dashboard.hosts)
    for (const { batch, jobs: members, epochs_latest: latest } of compact.batches) {
      batches.put(batch)
      members.forEach(jobs.put)
      jobs.putLatest(batch.id, latest)
    }
    // Rows on screen keep their places; a new run comes below them.
    const read = compact.batches.map(({ batch }) => batch.id)
    const kept = runningIds.value.filter((id) => read.includes(id))
    runningIds.value = [...kept, ...read.filter((id) => !kept.includes(id))]
  }
  const { error, loading, refresh } = useResource(load, { key: () => toValue(scope) })

  // Counters are sums over all that I may see: the server adds them up again, at most once in a while.
  let planned: ReturnType<typeof setTimeout> | undefined
  function recount(): void {
    planned ??= setTimeout(() => {
      planned = undefined
      void refresh()
    }, RECOUNT_MS)
  }

  onLiveEvents((events) => {
    const told = events.filter((event) => TOLD.has(event.event_type)).map(activityOf)
    if (told.length > 0) activity.value = [...told.reverse(), ...activity.value].slice(0, MOST_ACTIVITY)
    if (events.some((event) => COUNTED.has(event.event_type))) recount()
  })

  const running = computed(() =>
    runningIds.value.map((id) => batches.byId.get(id)).filter((batch): batch is Batch => batch !== undefined && isLive(batch.status)),
  )
  // The list row's curve moves with each epoch: those come on the batches' own channels.
  useLiveChannels(() => ['visible', ...runningIds.value.map((id) => `batch:${id}`)])

  return {
    board,
    activity,
    running,
    hosts: computed(() => [...hosts.byName.values()].sort((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }))),
    everRan,
    error,
    loading,
    refresh,
  }
}

function activityOf(event: LiveEvent): ActivityItem {
  const text = String(event.data.error ?? event.data.reason ?? '')
  return {
    event_type: event.event_type,
    batch_id: event.batch_id,
    job_id: event.job_id,
    project: event.source.project,
    timestamp: event.timestamp,
    summary: text,
    message: text,
  }
}
