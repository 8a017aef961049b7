// A chart as a table of few rows: what somebody can read, ends and equal distances.
import type { Columns } from './columns'

export interface TableRow {
  x: number
  /** One value a series: null where it has no point there. */
  ys: (number | null)[]
}

export function tableOf(series: readonly Columns[], most: number): TableRow[] {
  const places = new Map<number, (number | null)[]>()
  series.forEach(({ x, y }, column) =>
    x.forEach((place, at) => {
      let row = places.get(place)
      if (!row) places.set(place, (row = new Array<number | null>(series.length).fill(null)))
      row[column] = y[at] as number
    }),
  )
  const all = [...places].sort(([a], [b]) => a - b)
  if (all.length <= most) return all.map(([x, ys]) => ({ x, ys }))
  return Array.from({ length: most }, (_, at) => {
    const [x, ys] = all[Math.round((at * (all.length - 1)) / (most - 1))] as [number, (number | null)[]]
    return { x, ys }
  })
}
