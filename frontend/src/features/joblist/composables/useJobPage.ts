// One page of jobs whose rows stay where they are: live events change them in place, new jobs wait behind a count.
import { computed, ref, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents, useLiveChannels } from '@/api/hub'
import { useResource } from '@/shared/composables/useResource'
import { listJobs, type JobFilter, type JobItem } from '../api'
import { belongs, foldRows, keyOf, mergeRows } from '../rows'

export function useJobPage(filter: MaybeRefOrGetter<JobFilter>, page: MaybeRefOrGetter<number>) {
  const rows = shallowRef<readonly JobItem[]>([])
  const total = ref(0)
  const waiting = ref(new Set<string>())
  const key = (): string => JSON.stringify([toValue(filter), toValue(page)])
  let shownFor = ''
  useLiveChannels(['visible'])

  const { error, loading, refresh } = useResource(
    async () => {
      const asked = key()
      const answer = await listJobs(toValue(filter), toValue(page))
      if (asked !== key()) return
      total.value = answer.total
      if (shownFor !== asked || rows.value.length === 0) {
        rows.value = answer.items
        waiting.value = new Set()
      } else {
        const merged = mergeRows(rows.value, answer.items)
        rows.value = merged.rows
        if (toValue(page) === 1) waiting.value = new Set(merged.fresh)
      }
      shownFor = asked
    },
    { key },
  )

  onLiveEvents((events) => {
    rows.value = foldRows(rows.value, events)
    // A list that is being read, or that failed, learns of new jobs from its own answer.
    if (loading.value || toValue(page) !== 1) return
    const known = new Set(rows.value.map(({ job }) => keyOf(job.batch_id, job.id)))
    const fresh = events.filter((event) => belongs(event, toValue(filter))).map((event) => keyOf(event.batch_id, event.job_id))
    const unknown = fresh.filter((name) => !known.has(name))
    if (unknown.length === 0) return
    if (rows.value.length === 0) void refresh()
    else waiting.value = new Set([...waiting.value, ...unknown])
  })

  return {
    /** Empty while the rows of other filters or of another page are on their way out. */
    rows: computed(() => (loading.value ? [] : rows.value)),
    total,
    waiting: computed(() => waiting.value.size),
    error,
    loading,
    refresh,
    async showNew(): Promise<void> {
      shownFor = ''
      await refresh()
    },
  }
}
