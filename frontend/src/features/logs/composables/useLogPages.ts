// The lines of a log by their place: read in blocks when they are looked at, followed live at the end.
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { onLiveEvents } from '@/api/hub'
import { useResource } from '@/shared/composables/useResource'
import { readLog, type LogQuery, type LogRow, type LogSource } from '../api'
import { BLOCK, LogBlocks } from '../blocks'
import { lineOf } from '../liveLine'

export function useLogPages(source: MaybeRefOrGetter<LogSource>) {
  const blocks = new LogBlocks()
  const version = shallowRef(0)
  const total = shallowRef(0)
  const broken = shallowRef<ApiError | null>(null)
  const asked = new Set<number>()
  const arrivals = new Set<(rows: Omit<LogRow, 'n'>[]) => void>()
  let turn = 0

  function changed(): void {
    total.value = blocks.total
    version.value += 1
  }

  const { error, loading, refresh } = useResource(
    async () => {
      const mine = ++turn
      const page = await readLog(toValue(source), { limit: 2 * BLOCK })
      if (mine !== turn) return
      blocks.reset()
      asked.clear()
      put(page.items, page.total)
    },
    { key: () => JSON.stringify(toValue(source)) },
  )
  watch(() => JSON.stringify(toValue(source)), () => {
    blocks.reset()
    changed()
  })

  function put(rows: readonly LogRow[], count: number): void {
    // A page may begin within a block; the rest of that block is read when someone looks at it.
    const first = rows[0]
    const begin = first && first.n % BLOCK !== 0 ? rows.findIndex((row) => row.n % BLOCK === 0) : 0
    blocks.put(begin < 0 ? [] : rows.slice(begin), count)
    changed()
  }

  /** Reads what is shown and not here. */
  function show(from: number, to: number): void {
    for (const block of blocks.missing(from, to)) if (!asked.has(block)) void readBlock(block)
  }

  async function readBlock(block: number): Promise<void> {
    asked.add(block)
    const mine = turn
    try {
      const page = await readLog(toValue(source), { line: block * BLOCK, limit: BLOCK })
      if (mine === turn) put(page.items, page.total)
      broken.value = null
    } catch (cause) {
      broken.value = asApiError(cause)
    } finally {
      asked.delete(block)
    }
  }

  /** The place of a line by its id, or of a time; null when the log has nothing there. */
  async function find(goal: LogQuery): Promise<LogRow | null> {
    const page = await readLog(toValue(source), { ...goal, limit: goal.around === undefined && goal.at === undefined ? 1 : 2 })
    blocks.total = Math.max(blocks.total, page.total)
    const row = goal.around === undefined ? page.items.at(-1) : page.items.find((one) => one.id === goal.around)
    changed()
    return row ?? null
  }

  onLiveEvents((events) => {
    const fresh = events.map((event) => lineOf(event, toValue(source))).filter((line) => line !== null)
    const added = fresh.filter((line) => blocks.append(line))
    if (added.length === 0) return
    changed()
    arrivals.forEach((listener) => listener(added))
  })

  function onArrival(listener: (rows: Omit<LogRow, 'n'>[]) => void): void {
    arrivals.add(listener)
    onScopeDispose(() => arrivals.delete(listener))
  }

  return { version, total, error, broken, loading, refresh, row: (n: number) => blocks.row(n), show, find, onArrival }
}

export type LogPages = ReturnType<typeof useLogPages>
