// The order of a leaderboard, and what stands in its columns.
import type { BoardRow, Cell, Spread, Toward } from './types'

/** What a row has in a metric: the seed group's spread, or the job's own value. */
export function spreadOf(row: BoardRow, metric: string): Spread | null {
  const told = row.spreads?.[metric]
  if (told) return told
  const value = row.metrics?.[metric]
  return typeof value === 'number' && Number.isFinite(value) ? { n: 1, mean: value, std: null, min: value, max: value } : null
}

export type SortKey = string

const text = (row: BoardRow, key: string): string | null => (key === 'model' ? row.model : key === 'dataset' ? row.dataset : null)

function numeric(row: BoardRow, key: string): number | null {
  if (key === '#n') return row.n ?? 1
  if (key === '#elapsed') return row.elapsed_s
  return spreadOf(row, key)?.mean ?? null
}

/** Rows in an order like `acc` or `-acc`; what is missing comes last both ways. */
export function sortRows(rows: readonly BoardRow[], order: SortKey): BoardRow[] {
  const key = order.replace(/^-/, '')
  const sign = order.startsWith('-') ? -1 : 1
  if (key === 'model' || key === 'dataset') return [...rows].sort((a, b) => sign * (text(a, key) ?? '').localeCompare(text(b, key) ?? '', 'en', { numeric: true }))
  return [...rows].sort((a, b) => {
    const [one, two] = [numeric(a, key), numeric(b, key)]
    if (one === null || two === null) return one === two ? 0 : one === null ? 1 : -1
    return sign * (one - two)
  })
}

export const bestFirst = (metric: string, toward: Toward): SortKey => (toward === 'max' ? `-${metric}` : metric)

/** Ranks by a metric among done rows that have it: equals share one. */
export function ranks(rows: readonly BoardRow[], metric: string, toward: Toward): Map<BoardRow, number> {
  const able = rows.flatMap((row) => {
    const mean = spreadOf(row, metric)?.mean
    return mean == null || row.status !== 'done' ? [] : [{ row, mean: toward === 'max' ? -mean : mean }]
  })
  const sorted = able.map(({ mean }) => mean).sort((a, b) => a - b)
  return new Map(able.map(({ row, mean }) => [row, sorted.indexOf(mean) + 1]))
}

/** A row as the cell that it is in the matrix, for the list of its members. */
export function cellOfRow(row: BoardRow, others: readonly string[]): Cell {
  const [n, mean, std, min, max] = [row.n ?? 0, row.mean, row.std, row.min, row.max]
  const nothing: Spread = { n: 0, mean: null, std: null, min: null, max: null }
  return {
    ...{ n, mean, std, min, max },
    ...{ best: false, worst: false, is_eligible: row.status === 'done', states: {} },
    ...{ n_members: row.n_members ?? 1, n_jobs: row.n_jobs ?? 1, n_groups: row.n_groups ?? 1 },
    others: Object.fromEntries(others.map((name) => [name, spreadOf(row, name) ?? nothing])),
    jobs: row.jobs ?? [],
  }
}
