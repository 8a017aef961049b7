// What a value is between the places where it is known: a grid for a contour plot. Pure.
//
// Inverse distance weighting after D. Shepard, "A two-dimensional interpolation function for irregularly-spaced data"
// (1968), with the square of the distance over the nearest points, both axes scaled to the same length. Where no point
// is near, the grid has a hole: a surface must not be drawn where nothing was tried.

export interface Known {
  x: number
  y: number
  value: number
}

export interface Surface {
  /** Edges of the cells, one more than there are cells, in the units of the axes. */
  xs: number[]
  ys: number[]
  /** By row of y, then of x; null where nothing is known nearby. */
  values: (number | null)[][]
}

export interface Axis {
  log: boolean
}

const NEAREST = 8
// In parts of an axis's length.
const REACH = 0.25
const MARGIN = 0.02

export function surfaceOf(points: readonly Known[], axes: { x: Axis; y: Axis }, cells = 40): Surface | null {
  const to = (axis: Axis) => (axis.log ? Math.log : (value: number): number => value)
  const back = (axis: Axis) => (axis.log ? Math.exp : (value: number): number => value)
  const scaled = points.map((point) => ({ x: to(axes.x)(point.x), y: to(axes.y)(point.y), value: point.value })).filter((point) => [point.x, point.y, point.value].every(Number.isFinite))
  if (scaled.length < 3) return null
  const xs = spanOf(scaled.map(({ x }) => x))
  const ys = spanOf(scaled.map(({ y }) => y))
  if (!xs || !ys) return null
  const unit = scaled.map(({ x, y, value }) => ({ x: (x - xs.low) / xs.width, y: (y - ys.low) / ys.width, value }))
  const values = Array.from({ length: cells }, (_, row) => Array.from({ length: cells }, (_, column) => valueAt(unit, (column + 0.5) / cells, (row + 0.5) / cells)))
  const edges = (span: { low: number; width: number }, axis: Axis): number[] => Array.from({ length: cells + 1 }, (_, at) => back(axis)(span.low + (span.width * at) / cells))
  return { xs: edges(xs, axes.x), ys: edges(ys, axes.y), values }
}

function spanOf(values: readonly number[]): { low: number; width: number } | null {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const width = high - low
  return width > 0 ? { low: low - MARGIN * width, width: width * (1 + 2 * MARGIN) } : null
}

function valueAt(points: readonly Known[], x: number, y: number): number | null {
  const near = points.map((point) => ({ value: point.value, square: (point.x - x) ** 2 + (point.y - y) ** 2 })).sort((a, b) => a.square - b.square)
  const [first] = near
  if (!first || first.square > REACH ** 2) return null
  if (first.square < 1e-12) return first.value
  let [sum, weights] = [0, 0]
  for (const { value, square } of near.slice(0, NEAREST)) {
    sum += value / square
    weights += 1 / square
  }
  return sum / weights
}
