// The points of a chart as a table: a column for x, one for each series, a row for each x.
import type { LineSeries } from './lineOption'

/** Quoted where need be. A name that a spreadsheet would run as a formula gets an apostrophe before it. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** What was no number is NaN; where a series has no point, the cell is empty. */
export function toCsv(series: readonly LineSeries[], xName: string): string {
  const rows = new Map<number, string[]>()
  series.forEach(({ points }, column) => {
    for (const [x, y] of points) {
      const row = rows.get(x) ?? new Array<string>(series.length).fill('')
      row[column] = y === null ? 'NaN' : String(y)
      rows.set(x, row)
    }
  })
  const lines = [...rows].sort(([a], [b]) => a - b).map(([x, row]) => [String(x), ...row].join(','))
  return [[xName, ...series.map(({ name }) => name)].map(cell).join(','), ...lines, ''].join('\r\n')
}

/** A file name of a chart's title, without what file systems refuse. */
export function fileName(title: string, ending: string): string {
  return `${title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|-+$/g, '') || 'chart'}.${ending}`
}
