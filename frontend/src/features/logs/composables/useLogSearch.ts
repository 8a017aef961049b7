// Lines that match: the server looks at a bounded part of the log at a time, from its end to its beginning, and says how
// far it came. It goes on by itself until there is enough to read, and then when it is asked.
import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { readLog, type LogRow, type LogSource } from '../api'
import { isWanted, type Wanted } from '../levels'
import type { LogPages } from './useLogPages'

const AT_ONCE = 1_000
const ENOUGH = 5_000
const REST_MS = 250

export function useLogSearch(source: Ref<LogSource>, wanted: Ref<Wanted>, pages: LogPages) {
  const hits = shallowRef<LogRow[]>([])
  const searchedFrom = shallowRef<number | null>(null)
  const searching = shallowRef(false)
  const error = shallowRef<ApiError | null>(null)
  const isOn = computed(() => wanted.value.text !== '' || wanted.value.level !== 'all')
  let turn = 0
  let next: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function begin(): void {
    turn += 1
    clearTimeout(timer)
    next = undefined
    hits.value = []
    searchedFrom.value = null
    error.value = null
    searching.value = isOn.value
    if (isOn.value) timer = setTimeout(() => void goOn(), REST_MS)
  }

  /** Looks further back until so many more lines are found, or the beginning is reached. */
  async function goOn(): Promise<void> {
    const mine = turn
    const goal = hits.value.length + ENOUGH
    const { level, text } = wanted.value
    searching.value = true
    try {
      while (mine === turn && searchedFrom.value !== 0 && hits.value.length < goal) {
        const query = { limit: AT_ONCE, before: next, ...(level === 'all' ? {} : { level }), ...(text === '' ? {} : { q: text }) }
        const page = await readLog(source.value, query)
        if (mine !== turn) return
        hits.value = [...page.items, ...hits.value]
        searchedFrom.value = page.scanned?.from_line ?? 0
        next = page.scanned?.from_id
      }
    } catch (cause) {
      if (mine === turn) error.value = asApiError(cause)
    }
    if (mine === turn) searching.value = false
  }

  watch([source, wanted], begin, { immediate: true, deep: true })
  pages.onArrival((rows) => {
    if (!isOn.value) return
    const begun = pages.total.value - rows.length
    const fresh = rows.map((row, at) => ({ ...row, n: begun + at })).filter((row) => isWanted(row, wanted.value))
    if (fresh.length > 0) hits.value = [...hits.value, ...fresh]
  })
  onScopeDispose(() => {
    turn += 1
    clearTimeout(timer)
  })

  /** Whether the whole log was looked at. */
  const isWhole = computed(() => searchedFrom.value === 0)
  return { hits, isOn, isWhole, searching, searchedFrom, error, goOn, again: begin }
}
