// Where a reader is in a log: among the matches, at a line that the address names, or where they typed to go.
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import type { LogRow } from '../api'
import { parseGoal } from '../place'
import type { LogPages } from './useLogPages'

interface Options {
  pages: LogPages
  hits: Readonly<Ref<readonly LogRow[]>>
  /** Whether only matches are listed. */
  filtered: Readonly<Ref<boolean>>
  /** The id of the line in the address, or an empty text. */
  linked: Ref<string>
  show: (row: number) => unknown
}

export function useLogPlaces({ pages, hits, filtered, linked, show }: Options) {
  const current = ref<number | null>(null)
  const problem = shallowRef<ApiError | 'nowhere' | null>(null)
  const place = computed(() => (current.value === null ? -1 : hits.value.findIndex((hit) => hit.n === current.value)))

  function goTo(n: number): void {
    current.value = n
    const row = filtered.value ? hits.value.findIndex((hit) => hit.n >= n) : n
    if (row >= 0) void show(row)
  }

  /** The next match, or the one before; from the present line, or from the end. */
  function step(by: 1 | -1): void {
    const { length } = hits.value
    if (length === 0) return
    const at = place.value >= 0 ? place.value + by : current.value === null ? length - 1 : nearest(by, current.value)
    const hit = hits.value[(at + length) % length]
    if (hit) goTo(hit.n)
  }

  function nearest(by: 1 | -1, from: number): number {
    const after = hits.value.findIndex((hit) => hit.n > from)
    if (by === 1) return after < 0 ? 0 : after
    return after < 0 ? hits.value.length - 1 : after - 1
  }

  async function seek(load: () => Promise<LogRow | null>): Promise<void> {
    problem.value = null
    try {
      const row = await load()
      if (row) goTo(row.n)
      else problem.value = 'nowhere'
    } catch (cause) {
      problem.value = asApiError(cause)
    }
  }

  /** Where a line is, and of which day a time is, is known once the log is there. */
  function loaded(): Promise<void> {
    return new Promise((resolve) => {
      if (!pages.loading.value) return resolve()
      const stop = watch(pages.loading, (loading) => {
        if (loading) return
        stop()
        resolve()
      })
    })
  }

  async function goToTyped(text: string): Promise<void> {
    await loaded()
    const last = pages.row(pages.total.value - 1)
    const goal = parseGoal(text, last ? new Date(last.ts) : new Date())
    if (!goal) problem.value = 'nowhere'
    else if ('line' in goal) goTo(Math.min(goal.line, Math.max(0, pages.total.value - 1)))
    else await seek(() => pages.find(goal))
  }

  /** Puts a line into the address; one that came by the stream has to be read for its id first. */
  async function link(n: number): Promise<void> {
    current.value = n
    const row = pages.row(n) ?? hits.value.find((hit) => hit.n === n)
    const id = row?.id ?? (await pages.find({ line: n }))?.id
    if (id !== null && id !== undefined) linked.value = String(id)
  }

  watch(
    [linked, pages.loading],
    ([id, loading]) => {
      if (loading || !/^\d+$/.test(id)) return
      const known = current.value === null ? undefined : pages.row(current.value)
      if (known?.id !== Number(id)) void seek(() => pages.find({ around: Number(id) }))
    },
    { immediate: true },
  )

  return { current, place, problem, step, goTo, goToTyped, link }
}
