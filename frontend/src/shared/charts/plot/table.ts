// A plot's numbers as a table: for screen readers, for doubters, and as a file. Pure.
import type { Cell, PlotColumn } from './columns'

export interface PlotTable {
  head: readonly string[]
  rows: readonly (readonly Cell[])[]
}

/** A row for each name, with the columns that the plot shows. */
export function tableOf(nameHead: string, names: readonly string[], columns: readonly PlotColumn[]): PlotTable {
  return { head: [nameHead, ...columns.map(({ name }) => name)], rows: names.map((name, row) => [name, ...columns.map(({ values }) => values[row] ?? null)]) }
}

/** Quoted where need be. A text that a spreadsheet would run as a formula gets an apostrophe before it. */
function csvCell(value: Cell): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const tableCsv = ({ head, rows }: PlotTable): string => [head, ...rows].map((row) => row.map(csvCell).join(',')).concat('').join('\r\n')
