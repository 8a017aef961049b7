// Everything that Home shows, followed live.
import { computed, onScopeDispose, ref, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents, useLiveChannels } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { isLive, listCompact, useBatchStore, useJobStore, type Batch, type ScopeName } from '@/features/runs'
import { useResource } from '@/shared/composables/useResource'
import { readBoard, readConcerns, readDashboard, readResults, type ActivityItem, type Concern, type Dashboard, type JobListItem } from './api'
import { boardOf, type Boards } from './results'

const MOST_RUNNING = 20
const MOST_ACTIVITY = 20
const COUNTED = new Set(['batch_start', 'batch_done', 'batch_failed', 'job_start', 'job_done', 'job_failed', 'batch_stopped', 'batch_stalled', 'batch_diverged', 'batch_stop_requested'])
const TOLD = new Set(['batch_start', 'batch_done', 'batch_failed', 'job_failed'])
const RECOUNT_MS = 3_000

export function useHome(scope: MaybeRefOrGetter<ScopeName>) {
  const batches = useBatchStore()
  const jobs = useJobStore()
  const runningIds = shallowRef<string[]>([])
  const board = shallowRef<Dashboard | null>(null)
  const activity = shallowRef<ActivityItem[]>([])
  const concerns = shallowRef<Concern[] | null>(null)
  const results = shallowRef<JobListItem[]>([])
  const boards = shallowRef<Boards>(new Map())
  const everRan = ref(true)

  async function load(): Promise<void> {
    const [dashboard, compact, any, found, ended] = await Promise.all([
      readDashboard(toValue(scope)),
      listCompact({ status: 'running', limit: MOST_RUNNING, scope: toValue(scope) }),
      batches.list({ limit: 1 }),
      readConcerns(toValue(scope)),
      readResults(),
    ])
    // In one go: what runs stands above the rest, and would push it down if it came a moment later.
    board.value = dashboard
    activity.value = dashboard.activity
    concerns.value = found
    everRan.value = any.length > 0
    for (const { batch, jobs: members, epochs_latest: latest } of compact.batches) {
      batches.put(batch)
      members.forEach(jobs.put)
      jobs.putLatest(batch.id, latest)
    }
    // Rows on screen keep their places; a new run comes below them.
    const read = compact.batches.map(({ batch }) => batch.id)
    const kept = runningIds.value.filter((id) => read.includes(id))
    runningIds.value = [...kept, ...read.filter((id) => !kept.includes(id))]
    if (hasNews(ended.items)) boards.value = await readBoards(ended.items, dashboard.projects)
    results.value = ended.items
  }
  const keysOf = (items: readonly JobListItem[]): string => items.map(({ job }) => `${job.batch_id}/${job.id}`).join()
  /** Boards are read anew only where a job ended meanwhile. */
  const hasNews = (items: readonly JobListItem[]): boolean => keysOf(items) !== keysOf(results.value)
  const { error, loading, refresh } = useResource(load, { key: () => toValue(scope) })

  // Counters are sums over all that I may see: the server adds them up again, at most once in a while.
  let planned: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(planned))
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

  return { board, activity, concerns, results, boards, running, everRan, error, loading, refresh }
}

/** The best of each data set in the projects of these jobs. */
async function readBoards(items: readonly JobListItem[], projects: Dashboard['projects']): Promise<Boards> {
  const names = new Set(items.map(({ project }) => project))
  const decided = projects.filter(({ project, best_metric_key: metric }) => names.has(project) && metric)
  const read = await Promise.all(
    decided.map(async ({ project, best_metric_key: metric }) => [project, boardOf(metric ?? '', await readBoard(project, metric ?? ''))] as const),
  )
  return new Map(read)
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
