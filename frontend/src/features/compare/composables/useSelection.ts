// The selection of the page, in its address: what is compared, which of it is the baseline.
import { computed } from 'vue'
import { useQueryText } from '@/shared/composables/useQuery'
import { keyOfJob, moved, MOST_COMPARED, parseBatches, parseJobs, writeJobs, type JobKey, type Mode } from '../selection'

export function useSelection() {
  const batchText = useQueryText<string>('batches', '')
  const jobText = useQueryText<string>('jobs', '')
  const of = useQueryText<string>('of', '')
  const base = useQueryText<string>('base', '')
  const batches = computed(() => parseBatches(batchText.value))
  const jobs = computed(() => parseJobs(jobText.value))

  const mode = computed<Mode>({
    get: () => {
      if (of.value === 'jobs' || of.value === 'batches') return of.value
      return jobs.value.length > 0 ? 'jobs' : 'batches'
    },
    set: (next) => {
      of.value = next
      base.value = ''
    },
  })
  const keys = computed(() => (mode.value === 'batches' ? batches.value : jobs.value.map(keyOfJob)))

  function put(nextBatches: readonly string[], nextJobs: readonly JobKey[]): void {
    batchText.value = nextBatches.slice(0, MOST_COMPARED).join(',')
    jobText.value = writeJobs(nextJobs.slice(0, MOST_COMPARED))
  }

  return {
    mode,
    batches,
    jobs,
    keys,
    isFull: computed(() => keys.value.length >= MOST_COMPARED),
    /** The key of the baseline: the first of the list until another was chosen. */
    base: computed({ get: () => (keys.value.includes(base.value) ? base.value : (keys.value[0] ?? '')), set: (key) => (base.value = key === keys.value[0] ? '' : key) }),
    addBatches: (ids: readonly string[]) => put([...new Set([...batches.value, ...ids])], jobs.value),
    addJob: (job: JobKey) => put(batches.value, [...jobs.value.filter((one) => keyOfJob(one) !== keyOfJob(job)), job]),
    remove: (at: number) => (mode.value === 'batches' ? put(batches.value.filter((_, place) => place !== at), jobs.value) : put(batches.value, jobs.value.filter((_, place) => place !== at))),
    move: (from: number, to: number) => (mode.value === 'batches' ? put(moved(batches.value, from, to), jobs.value) : put(batches.value, moved(jobs.value, from, to))),
    clear: () => (mode.value === 'batches' ? put([], jobs.value) : put(batches.value, [])),
  }
}

export type SelectionModel = ReturnType<typeof useSelection>
