// What a board shows of its numbers. Rules of the wire contract, semantics section 7; the server is held to the same vectors.
import type { Board, Cell, Heat, Toward } from './types'

type Cells = readonly (readonly (Cell | null)[])[]

const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

/** Rows and columns as people count: net9 before net10. */
export function ordered(board: Board): Board {
  const rows = board.rows.map((name, place) => ({ name, place })).sort((a, b) => byName(a.name, b.name))
  const cols = board.cols.map((name, place) => ({ name, place })).sort((a, b) => byName(a.name, b.name))
  return {
    ...board,
    rows: rows.map(({ name }) => name),
    cols: cols.map(({ name }) => name),
    cells: rows.map((row) => cols.map((col) => board.cells[row.place]?.[col.place] ?? null)),
  }
}

export interface Extremes {
  best: number | null
  worst: number | null
}

/** Which of these is best and which worst: of at least two eligible ones, never all equal, never one that is shared. */
export function extremes(cells: readonly ({ mean: number | null; is_eligible: boolean } | null)[], toward: Toward): Extremes {
  const values = cells.flatMap((cell, place) => (cell?.is_eligible && cell.mean !== null ? [{ place, mean: cell.mean }] : []))
  const means = values.map(({ mean }) => mean)
  const [low, high] = [Math.min(...means), Math.max(...means)]
  if (values.length < 2 || low === high) return { best: null, worst: null }
  const only = (value: number): number | null => {
    const holders = values.filter(({ mean }) => mean === value)
    return holders.length === 1 ? (holders[0]?.place ?? null) : null
  }
  return toward === 'max' ? { best: only(high), worst: only(low) } : { best: only(low), worst: only(high) }
}

// Beyond so many values a few that diverged must not make all others look alike.
const MANY = 10
const TAIL = 0.05

/** How good a value is among others, 0 to 1; null when that cannot be said. */
export function shade(values: readonly number[], toward: Toward): (value: number) => number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const cut = sorted.length >= MANY ? Math.floor(sorted.length * TAIL) : 0
  const [low, high] = [sorted[cut], sorted[sorted.length - 1 - cut]]
  if (low === undefined || high === undefined || !(high > low)) return () => null
  return (value) => {
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)))
    return toward === 'max' ? share : 1 - share
  }
}

/** The shade of every cell, against all of them, those of its column, or those of its row. */
export function heatOf(cells: Cells, toward: Toward, heat: Heat): (number | null)[][] {
  const means = (some: readonly (Cell | null)[]): number[] => some.flatMap((cell) => (cell?.mean == null ? [] : [cell.mean]))
  const none = (): null => null
  const whole = heat === 'all' ? shade(means(cells.flat()), toward) : none
  const columns = heat === 'column' ? (cells[0] ?? []).map((_, col) => shade(means(cells.map((row) => row[col] ?? null)), toward)) : []
  return cells.map((row) => {
    const own = heat === 'row' ? shade(means(row), toward) : none
    return row.map((cell, col) => (cell?.mean == null ? null : (heat === 'column' ? (columns[col] ?? none) : heat === 'row' ? own : whole)(cell.mean)))
  })
}

/** Of each column the row with the best cell, as tables in papers set it in bold; all that share it. */
export function columnBests(cells: Cells, toward: Toward): ReadonlySet<number>[] {
  return (cells[0] ?? []).map((_, col) => {
    const able = cells.flatMap((row, place) => (row[col]?.is_eligible && row[col].mean !== null ? [{ place, mean: row[col].mean }] : []))
    const best = toward === 'max' ? Math.max(...able.map(({ mean }) => mean)) : Math.min(...able.map(({ mean }) => mean))
    return new Set(able.length > 1 ? able.filter(({ mean }) => mean === best).map(({ place }) => place) : [])
  })
}

/** How far a cell's value is from the best of all, as a share of the best; null for the best itself, and by zero. */
export function gapToBest(board: Board, cell: Cell): number | null {
  const means = board.cells.flat().flatMap((one) => (one?.is_eligible && one.mean !== null ? [one.mean] : []))
  if (cell.mean === null || means.length < 2) return null
  const best = board.direction === 'max' ? Math.max(...means) : Math.min(...means)
  return best === 0 || cell.mean === best ? null : (cell.mean - best) / Math.abs(best)
}
