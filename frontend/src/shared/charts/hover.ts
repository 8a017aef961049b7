// What all series say at one place of x.
import { columnsOf, lastNumber, nearest, type Columns } from './columns'
import type { LineSeries } from './series'

export interface Reading {
  id: string
  name: string
  colour: string
  /** Where the nearest point lies; NaN and infinities are told as they are. */
  x: number
  y: number
  /** What it was before smoothing, where that differs. */
  raw?: number
  /** To the pinned one: null for itself, where there is none, and where one of the two is no number. */
  difference: number | null
  low?: number
  high?: number
  /** Members that count here, in a band. */
  n?: number
  isPinned: boolean
}

const byValue = (a: Reading, b: Reading): number => {
  if (Number.isNaN(a.y) || Number.isNaN(b.y)) return Number(Number.isNaN(a.y)) - Number(Number.isNaN(b.y))
  return b.y - a.y
}

/**
 * One row a series that has a point near enough: the pinned first, then the highest first, what is no number last.
 * `drawn` are the series' points as they are drawn, by id; `reach` how far from x a line may end that still has a row.
 */
export function readingsAt(series: readonly LineSeries[], drawn: ReadonlyMap<string, Columns>, x: number, reach: number, pinned: string | null): Reading[] {
  const rows = series.flatMap((line): Reading[] => {
    const columns = drawn.get(line.id) ?? columnsOf(line.points)
    const at = nearest(columns.x, x)
    const place = columns.x[at]
    const isWithin = (columns.x[0] as number) <= x && x <= (columns.x.at(-1) as number)
    if (place === undefined || (!isWithin && Math.abs(place - x) > reach)) return []
    const y = columns.y[at] as number
    const raw = columnsOf(line.points).y[at]
    const band = line.band && { low: line.band.low[at] as number, high: line.band.high[at] as number, n: line.band.n[at] as number }
    return [{ id: line.id, name: line.name, colour: line.colour, x: place, y, raw: raw === y || raw === undefined ? undefined : raw, difference: null, ...band, isPinned: line.id === pinned }]
  })
  const reference = rows.find((row) => row.isPinned)?.y
  for (const row of rows) {
    const difference = reference === undefined || row.isPinned ? NaN : row.y - reference
    row.difference = Number.isFinite(difference) ? difference : null
  }
  return rows.sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || byValue(a, b))
}

/** The place of the nearest point of any series: where a crosshair snaps to. */
export function snapped(drawn: Iterable<Columns>, x: number): number | null {
  let best: number | null = null
  for (const columns of drawn) {
    const place = columns.x[nearest(columns.x, x)]
    if (place !== undefined && (best === null || Math.abs(place - x) < Math.abs(best - x))) best = place
  }
  return best
}

/** The neighbour of a place among the points of all series, to the right (1) or left (-1). */
export function stepped(drawn: Iterable<Columns>, x: number, direction: 1 | -1): number {
  let best = x
  for (const { x: places } of drawn) {
    const at = nearest(places, x)
    for (const one of [at - 1, at, at + 1]) {
      const place = places[one]
      if (place === undefined || (place - x) * direction <= 0) continue
      if (best === x || Math.abs(place - x) < Math.abs(best - x)) best = place
    }
  }
  return best
}

export interface Summary {
  name: string
  n: number
  first: number | null
  last: number | null
  low: number | null
  high: number | null
}

/** A line in a few numbers, for those who do not see it. */
export function summaryOf(line: LineSeries): Summary {
  const columns = columnsOf(line.points)
  const numbers = columns.y.filter((value) => Number.isFinite(value))
  const low = numbers.reduce((least, value) => Math.min(least, value), Infinity)
  const high = numbers.reduce((most, value) => Math.max(most, value), -Infinity)
  return { name: line.name, n: columns.x.length, first: numbers[0] ?? null, last: lastNumber(columns), low: numbers.length > 0 ? low : null, high: numbers.length > 0 ? high : null }
}
