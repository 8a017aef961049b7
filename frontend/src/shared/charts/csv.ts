// The points of a chart as a table: a column for x, one for each series, a row for each x.
import { columnsOf } from './columns'
import type { LineSeries } from './series'

/** Quoted where need be. A name that a spreadsheet would run as a formula gets an apostrophe before it. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

// Python, R and spreadsheets read these words.
const written = (value: number): string => (Number.isNaN(value) ? 'NaN' : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : String(value))

/** What was no number is named; where a series has no point, the cell is empty. A band has three columns more. */
export function toCsv(series: readonly LineSeries[], xName: string): string {
  const columns = series.flatMap((line) => {
    const { x, y } = columnsOf(line.points)
    const own = { name: line.name, x, y }
    return line.band ? [own, { name: `${line.name} low`, x, y: line.band.low }, { name: `${line.name} high`, x, y: line.band.high }, { name: `${line.name} n`, x, y: line.band.n }] : [own]
  })
  const rows = new Map<number, string[]>()
  columns.forEach(({ x, y }, column) =>
    x.forEach((place, at) => {
      let row = rows.get(place)
      if (!row) rows.set(place, (row = new Array<string>(columns.length).fill('')))
      row[column] = written(y[at] as number)
    }),
  )
  const lines = [...rows].sort(([a], [b]) => a - b).map(([x, row]) => [String(x), ...row].join(','))
  return [[xName, ...columns.map(({ name }) => name)].map(cell).join(','), ...lines, ''].join('\r\n')
}

/** A file name of a chart's title, without what file systems refuse. */
export function fileName(title: string, ending: string): string {
  return `${title.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|-+$/g, '') || 'chart'}.${ending}`
}
