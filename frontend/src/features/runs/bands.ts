// Bands as the server gives them, as lines that a chart draws.
import type { LineSeries } from '@/shared/charts'
import type { CurveBand } from './api'

export const BAND_KINDS = ['std', 'sem', 'minmax', 'quartiles'] as const
/** Mean and standard deviation, mean and its standard error, mean between the extremes, median between the quartiles. */
export type BandKind = (typeof BAND_KINDS)[number]

const numbers = (values: readonly (number | null)[]): Float64Array => Float64Array.from(values, (value) => value ?? NaN)

/** The line in the middle and the ends of the band around it. Of one member alone there is no deviation: the band is as thin as the line. */
export function bandLine(band: CurveBand, kind: BandKind, axis: 'step' | 'relative'): Pick<LineSeries, 'points' | 'band'> {
  const x = Float64Array.from(axis === 'step' ? band.steps : band.elapsed)
  const middle = numbers(kind === 'quartiles' ? band.median : band.mean)
  const n = Float64Array.from(band.n)
  const around = (side: 1 | -1): Float64Array =>
    middle.map((value, at) => {
      const deviation = band.std[at] ?? 0
      return value + side * (kind === 'sem' ? deviation / Math.sqrt(n[at] as number) : deviation)
    })
  if (kind === 'minmax') return sorted({ x, y: middle }, numbers(band.min), numbers(band.max), n)
  if (kind === 'quartiles') return sorted({ x, y: middle }, numbers(band.q1), numbers(band.q3), n)
  return sorted({ x, y: middle }, around(-1), around(1), n)
}

/** Mean times of rising steps may fall where a member that began late joins: a chart's places must not. */
function sorted(points: { x: Float64Array; y: Float64Array }, low: Float64Array, high: Float64Array, n: Float64Array): Pick<LineSeries, 'points' | 'band'> {
  const order = Array.from(points.x, (_, at) => at).sort((a, b) => (points.x[a] as number) - (points.x[b] as number) || a - b)
  const picked = (values: Float64Array): Float64Array => Float64Array.from(order, (at) => values[at] as number)
  return { points: { x: picked(points.x), y: picked(points.y) }, band: { low: picked(low), high: picked(high), n: picked(n) } }
}
