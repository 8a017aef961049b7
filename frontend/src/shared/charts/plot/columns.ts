// Columns of numbers or words, as parallel coordinates, scatter plots and tables share them. Pure.

export type Cell = number | string | null

export interface PlotColumn {
  name: string
  kind: 'number' | 'category'
  values: readonly Cell[]
}

const asCell = (value: unknown): Cell => {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Numbers where every value that is there is one, else words; true and false are words. */
export function columnOf(name: string, values: readonly unknown[]): PlotColumn {
  const cells = values.map(asCell)
  const isNumber = cells.some((cell) => cell !== null) && cells.every((cell) => cell === null || typeof cell === 'number')
  if (isNumber) return { name, kind: 'number', values: cells }
  return { name, kind: 'category', values: cells.map((cell) => (cell === null ? null : String(cell))) }
}

/** Whether a column says anything: at least two different values, or one that is missing somewhere. */
export const varies = (column: PlotColumn): boolean => new Set(column.values).size > 1

export const numbersOf = (column: PlotColumn): (number | null)[] => column.values.map((value) => (typeof value === 'number' ? value : null))

/** The words of a column in a steady order: numbers in words by their size. */
export function categoriesOf(column: PlotColumn): string[] {
  const words = new Set(column.values.flatMap((value) => (value === null ? [] : [String(value)])))
  return [...words].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

const LOG_FROM_RATIO = 100
const SMALL = 20

/** As the server's estimate of importance has it: over two decades, and a quarter below a twentieth of the largest. */
export function looksLogarithmic(column: PlotColumn): boolean {
  const values = numbersOf(column).filter((value): value is number => value !== null)
  if (column.kind !== 'number' || values.length < 2) return false
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return low > 0 && high / low >= LOG_FROM_RATIO && values.filter((value) => value < high / SMALL).length * 4 >= values.length
}

/** Whether an axis of it may be logarithmic at all. */
export const mayBeLogarithmic = (column: PlotColumn): boolean => {
  const values = numbersOf(column).filter((value): value is number => value !== null)
  return column.kind === 'number' && values.length > 0 && values.every((value) => value > 0)
}

export type Interval = readonly [low: number, high: number]
/** Of each column, by name, the parts of its axis that are brushed; categories by their place in `categoriesOf`. */
export type Brushes = Readonly<Record<string, readonly Interval[]>>

/** Whether a row lies in every brush; a row without a value lies in none. */
export function isBrushed(columns: readonly PlotColumn[], brushes: Brushes, row: number): boolean {
  return columns.every((column) => {
    const intervals = brushes[column.name]
    if (!intervals?.length) return true
    const value = column.values[row] ?? null
    if (value === null) return false
    const place = typeof value === 'number' ? value : categoriesOf(column).indexOf(value)
    return intervals.some(([low, high]) => place >= Math.min(low, high) && place <= Math.max(low, high))
  })
}
