// What a chart of lines shows.
import type { Columns, Point } from './columns'

export interface LineSeries {
  id: string
  name: string
  points: readonly Point[] | Columns
  colour: string
  dashed?: boolean | 'dotted'
  /** A value that is missing was never measured: a gap that needs no mark. */
  sparse?: boolean
  /** A band around the line, a place for each of its points; `n` members count there. */
  band?: { low: Float64Array; high: Float64Array; n: Float64Array }
}

/** A place on the x axis with a story: a dashed line, told in the tooltip of its neighbours. */
export interface ChartMark {
  x: number
  text: string
  /** Drawn above the line. */
  sign?: string
}
