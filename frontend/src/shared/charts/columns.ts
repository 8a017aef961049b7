// Points as two typed arrays: what charts compute with. Places rise; a value that is no number is NaN or an infinity.

export type Point = readonly [number, number | null]

export interface Columns {
  readonly x: Float64Array
  readonly y: Float64Array
}

export const NO_POINTS: Columns = { x: new Float64Array(0), y: new Float64Array(0) }

const packed = new WeakMap<readonly Point[], Columns>()

export const isColumns = (points: readonly Point[] | Columns): points is Columns => 'x' in points

/** Points in either form as columns; a list is converted once. */
export function columnsOf(points: readonly Point[] | Columns): Columns {
  if (isColumns(points)) return points
  let columns = packed.get(points)
  if (!columns) {
    columns = { x: Float64Array.from(points, ([x]) => x), y: Float64Array.from(points, ([, y]) => y ?? NaN) }
    packed.set(points, columns)
  }
  return columns
}

/** The other way round; what is no number is null. */
export function pointsOf({ x, y }: Columns): Point[] {
  return Array.from(x, (place, at) => [place, Number.isFinite(y[at]) ? (y[at] as number) : null] as const)
}

/** The first place whose x is not below a value. */
export function lowerBound(x: Float64Array, value: number): number {
  let low = 0
  let high = x.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((x[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The place nearest to a value, or -1 where there is none. */
export function nearest(x: Float64Array, value: number): number {
  const after = lowerBound(x, value)
  if (after === 0) return x.length > 0 ? 0 : -1
  if (after === x.length) return after - 1
  return (x[after] as number) - value < value - (x[after - 1] as number) ? after : after - 1
}

/** The last value that is a number. */
export function lastNumber({ y }: Columns): number | null {
  for (let at = y.length - 1; at >= 0; at -= 1) if (Number.isFinite(y[at])) return y[at] as number
  return null
}

/** Lowest and highest number between two places of x, ends included; only what is above zero where `positive`. */
export function extent({ x, y }: Columns, from: number, to: number, positive = false): [number, number] | null {
  let low = Infinity
  let high = -Infinity
  for (let at = lowerBound(x, from); at < x.length && (x[at] as number) <= to; at += 1) {
    const value = y[at] as number
    if (!Number.isFinite(value) || (positive && value <= 0)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? [low, high] : null
}
