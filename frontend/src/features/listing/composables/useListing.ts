// The rows of a query, page by page as one scrolls. Rows stay where they are: live events change them in place, and what
// is new waits behind a count.
import { computed, onScopeDispose, ref, shallowRef, type ComputedRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { onLiveEvents, useLiveChannels } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { foldBatch } from '@/features/runs'
import { useResource } from '@/shared/composables/useResource'
import { ask, type Question, type QueryResult } from '../api'
import { fieldsOf, foldJobRows, keyOf, ofBatch, ofJob, type Row } from '../rows'

const PAGE = 100
// A burst of starts is one question, not many.
const REST_MS = 500

const rowsOf = (answer: QueryResult): Row[] => (answer.batches.length > 0 ? answer.batches.map(ofBatch) : answer.jobs.map(ofJob))

export function useListing(question: ComputedRef<Question>, enabled: ComputedRef<boolean>) {
  const rows = shallowRef<readonly Row[]>([])
  const total = ref(0)
  const waiting = ref(0)
  const isReading = ref(false)
  const moreError = shallowRef<ApiError | null>(null)
  let places = new Map<string, number>()
  let cursor: string | null = null
  let shownFor = ''
  let planned: ReturnType<typeof setTimeout> | undefined
  const key = computed(() => JSON.stringify(question.value))
  useLiveChannels(['visible'])

  function show(next: readonly Row[]): void {
    rows.value = next
    places = new Map(next.map((row, index) => [row.key, index]))
  }

  const { error, loading, refresh } = useResource(
    async () => {
      const asked = key.value
      const answer = await ask({ ...question.value, limit: PAGE })
      if (asked !== key.value) return
      const read = rowsOf(answer)
      const isSame = shownFor === asked && rows.value.length > 0
      if (isSame) {
        const fresh = read.filter((row) => !places.has(row.key)).length
        const next = [...rows.value]
        for (const row of read) {
          const at = places.get(row.key)
          if (at !== undefined) next[at] = row
        }
        show(next)
        waiting.value = Math.max(fresh, (answer.total ?? 0) - total.value, 0)
        return
      }
      show(read)
      total.value = answer.total ?? read.length
      cursor = answer.cursor
      waiting.value = 0
      moreError.value = null
      shownFor = asked
    },
    { key, enabled },
  )

  async function more(): Promise<void> {
    if (cursor === null || isReading.value || loading.value) return
    isReading.value = true
    const asked = key.value
    try {
      const answer = await ask({ ...question.value, limit: PAGE, cursor })
      if (asked !== key.value) return
      show([...rows.value, ...rowsOf(answer).filter((row) => !places.has(row.key))])
      cursor = answer.cursor
      moreError.value = null
    } catch (cause) {
      moreError.value = asApiError(cause)
    } finally {
      isReading.value = false
    }
  }

  function foldBatches(events: readonly LiveEvent[]): void {
    let next: Row[] | null = null
    for (const event of events) {
      const at = places.get(event.batch_id)
      const row = at === undefined ? undefined : (next ?? rows.value)[at]
      if (at === undefined || !row?.batch) continue
      const batch = foldBatch(row.batch, event)
      if (batch === row.batch) continue
      next ??= [...rows.value]
      next[at] = { ...row, batch, fields: { ...row.fields, ...fieldsOf(batch) } }
    }
    if (next) rows.value = next
  }

  onLiveEvents((events) => {
    if (!enabled.value) return
    const isJobs = question.value.from !== 'batches'
    if (isJobs) rows.value = foldJobRows(rows.value, events, places)
    else foldBatches(events)
    // Whether a new one belongs here, the server knows; a list that is being read learns of it from its own answer.
    const start = isJobs ? 'job_start' : 'batch_start'
    const isNew = events.some((event) => event.event_type === start && !places.has(keyOf(event.batch_id, isJobs ? event.job_id : null)))
    if (!isNew || loading.value) return
    clearTimeout(planned)
    planned = setTimeout(() => void refresh(), REST_MS)
  })
  onScopeDispose(() => clearTimeout(planned))

  return {
    rows,
    total,
    waiting,
    error,
    moreError,
    loading,
    isReading,
    isMore: computed(() => rows.value.length < total.value),
    refresh,
    more,
    /** Takes rows out that are gone, without reading anew. */
    remove(keys: ReadonlySet<string>): void {
      const left = rows.value.filter((row) => !keys.has(row.key))
      total.value -= rows.value.length - left.length
      show(left)
    },
    async showNew(): Promise<void> {
      shownFor = ''
      await refresh()
      window.scrollTo({ top: 0 })
    },
  }
}
