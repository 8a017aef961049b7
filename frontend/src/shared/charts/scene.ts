// Everything that is drawn of a chart, from its series and how a reader looks at them. Pure.
import type { Columns } from './columns'
import { columnsOf, extent } from './columns'
import type { ChartLook } from './look'
import { usualSpan } from './outliers'
import { logAxis, niceAxis, type Axis, type Domain } from './scale'
import type { LineSeries } from './series'
import { smoothColumns } from './smoothing'

export interface Drawing {
  id: string
  colour: string
  dash: readonly number[]
  line: Columns
  /** The line before smoothing. */
  raw?: Columns
  low?: Columns
  high?: Columns
  width: number
  opacity: number
  order: number
}

export interface Ranges {
  x: Domain
  y: Axis
  /** All of x, whatever part is looked at. */
  whole: Domain
}

export interface Emphasis {
  /** Drawn stronger; all others step back. */
  highlighted: string | null
  pinned: ReadonlySet<string>
}

const DASHES = { solid: [], dashed: [6, 4], dotted: [2, 3] } as const
const FAINT = 0.22
const MANY = 30

export const dashOf = (dashed: LineSeries['dashed']): readonly number[] => DASHES[dashed === 'dotted' ? 'dotted' : dashed ? 'dashed' : 'solid']

/** The lines as they are drawn: smoothed, the pinned and the highlighted above the others. */
export function drawingsOf(series: readonly LineSeries[], look: ChartLook, { highlighted, pinned }: Emphasis): Drawing[] {
  const stepsBack = highlighted !== null && series.some((line) => line.id === highlighted)
  const drawings = series.map((line): Drawing => {
    const raw = columnsOf(line.points)
    const smooth = smoothColumns(raw, look.smoother, look.smoothing)
    const isStrong = line.id === highlighted || pinned.has(line.id)
    const back = (stepsBack || pinned.size > 0) && !isStrong
    const band = line.band && { low: { x: raw.x, y: line.band.low }, high: { x: raw.x, y: line.band.high } }
    return {
      id: line.id,
      colour: line.colour,
      dash: dashOf(line.dashed),
      line: smooth,
      raw: smooth === raw ? undefined : raw,
      ...band,
      width: isStrong ? 2.25 : series.length > MANY ? 1 : 1.5,
      opacity: back ? FAINT : 1,
      order: line.id === highlighted ? 2 : isStrong ? 1 : 0,
    }
  })
  return drawings.sort((a, b) => a.order - b.order)
}

/** What the axes span: x what there is or the part that is looked at, y what lies in that part. */
export function rangesOf(drawings: readonly Drawing[], look: ChartLook, isTime: boolean, part: readonly [number, number] | null, fixed: { yMin?: number; yMax?: number; xMin?: number; xMax?: number }): Ranges {
  const logX = look.logX && !isTime
  const whole = wholeOf(drawings, logX, fixed)
  const x = part ? { from: Math.max(part[0], logX ? whole.from : -Infinity), to: part[1], log: logX } : whole
  return { x, whole, y: heightOf(drawings, look, x, fixed) }
}

function wholeOf(drawings: readonly Drawing[], log: boolean, { xMin, xMax }: { xMin?: number; xMax?: number }): Domain {
  let from = xMin ?? Infinity
  let to = xMax ?? -Infinity
  for (const { line } of drawings) {
    const first = log ? line.x.find((place) => place > 0) : line.x[0]
    const last = line.x.at(-1)
    if (first === undefined || last === undefined) continue
    if (xMin === undefined) from = Math.min(from, first)
    if (xMax === undefined) to = Math.max(to, last)
  }
  if (!(from <= to)) return { from: log ? 1 : 0, to: log ? 10 : 1, log }
  if (from === to) return log ? { from: from / 2, to: to * 2, log } : { from: from - 0.5, to: to + 0.5, log }
  return { from, to, log }
}

function heightOf(drawings: readonly Drawing[], look: ChartLook, x: Domain, { yMin, yMax }: { yMin?: number; yMax?: number }): Axis {
  if (look.clip) {
    const span = usualSpan(valuesIn(drawings, x), look.log)
    if (span) return { from: span[0], to: span[1], log: look.log }
  }
  let low = Infinity
  let high = -Infinity
  for (const drawing of drawings) {
    for (const columns of [drawing.line, drawing.low, drawing.high]) {
      const span = columns && extent(columns, x.from, x.to, look.log)
      if (!span) continue
      low = Math.min(low, span[0])
      high = Math.max(high, span[1])
    }
  }
  if (!(low <= high)) [low, high] = look.log ? [1, 10] : [yMin ?? 0, yMax ?? 1]
  if (look.log) return logAxis(low, high)
  if (yMin !== undefined && yMax !== undefined) return { from: yMin, to: yMax, log: false, interval: (yMax - yMin) / 4 }
  return niceAxis(yMin ?? low, yMax ?? high)
}

function valuesIn(drawings: readonly Drawing[], x: Domain): Float64Array {
  const found: number[] = []
  for (const { line } of drawings) line.x.forEach((place, at) => place >= x.from && place <= x.to && found.push(line.y[at] as number))
  return Float64Array.from(found)
}

export interface OddMark {
  x: number
  /** Where it is drawn; null for the infinities, which stand at their edge. */
  y: number | null
  kind: 'nan' | 'up' | 'down'
}

/** Where values were no numbers: the first and the last place of each run of one kind, NaN at the height of the number before. */
export function oddMarks({ x, y }: Columns): OddMark[] {
  const found: OddMark[] = []
  let height = y.find((value) => Number.isFinite(value)) ?? 0
  for (let at = 0; at < x.length; at += 1) {
    const value = y[at] as number
    if (Number.isFinite(value)) {
      height = value
      continue
    }
    const isEnd = !Object.is(y[at - 1], value) || !Object.is(y[at + 1], value)
    if (isEnd) found.push(Number.isNaN(value) ? { x: x[at] as number, y: height, kind: 'nan' } : { x: x[at] as number, y: null, kind: value > 0 ? 'up' : 'down' })
  }
  return found
}
