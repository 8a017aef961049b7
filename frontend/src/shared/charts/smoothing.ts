// Smoothing of a curve's values. Gaps (NaN in the arrays) stay gaps and count for nothing in their neighbourhood.

import type { Columns, Point } from './columns'

export type { Point }

export const SMOOTHERS = ['ema', 'gaussian', 'mean'] as const
export type Smoother = (typeof SMOOTHERS)[number]

/** Exponential moving average with bias correction (Kingma and Ba, "Adam", 2015, section 3); `weight` from 0 to below 1. */
export function ema(values: Float64Array, weight: number): Float64Array {
  let mean = 0
  let decay = 1
  return values.map((value) => {
    if (Number.isNaN(value)) return value
    mean = weight * mean + (1 - weight) * value
    decay *= weight
    return mean / (1 - decay)
  })
}

/** Weighted by a bell around each point; `sigma` in points, cut at three of them. */
export function gaussian(values: Float64Array, sigma: number): Float64Array {
  const half = Math.ceil(3 * sigma)
  return weighted(values, Float64Array.from({ length: 2 * half + 1 }, (_, at) => Math.exp(-0.5 * ((at - half) / sigma) ** 2)))
}

/** The plain mean of the `width` points around each; an even width counts as the next odd one. */
export function runningMean(values: Float64Array, width: number): Float64Array {
  return weighted(values, new Float64Array(2 * Math.floor(width / 2) + 1).fill(1))
}

/** A mean weighted by a kernel that is centred on each point; at the ends, by what there is of it. */
function weighted(values: Float64Array, kernel: Float64Array): Float64Array {
  const half = (kernel.length - 1) / 2
  return values.map((own, at) => {
    if (Number.isNaN(own)) return own
    let sum = 0
    let weights = 0
    for (let place = Math.max(0, at - half); place <= Math.min(values.length - 1, at + half); place += 1) {
      const value = values[place] as number
      if (Number.isNaN(value)) continue
      const weight = kernel[place - at + half] as number
      sum += weight * value
      weights += weight
    }
    return sum / weights
  })
}

/**
 * How many points a strength averages: the running mean of as many quiets white noise as much as an average of this weight
 * does, whose variance is (1 - w) / (1 + w). So one slider serves all methods, and a change of method keeps the calm.
 */
export function widthOf(strength: number): number {
  return (1 + strength) / (1 - strength)
}

const METHODS: Record<Smoother, (values: Float64Array, strength: number) => Float64Array> = {
  ema,
  // A bell's variance of white noise is 1 / (2 sigma sqrt(pi)).
  gaussian: (values, strength) => gaussian(values, widthOf(strength) / (2 * Math.sqrt(Math.PI))),
  mean: (values, strength) => runningMean(values, Math.round(widthOf(strength))),
}

/** `strength` 0 leaves the points as they are; towards 1 the neighbourhood counts more. */
export function smooth(points: readonly Point[], smoother: Smoother, strength: number): Point[] {
  if (strength <= 0) return [...points]
  const values = METHODS[smoother](Float64Array.from(points, ([, y]) => y ?? NaN), strength)
  return points.map(([x], at) => {
    const y = values[at] as number
    return [x, Number.isNaN(y) ? null : y] as const
  })
}

const smoothed = new WeakMap<Columns, Map<string, Columns>>()

/** The same for columns, kept with them: a chart that is drawn again smooths nothing anew. An infinity is a gap here. */
export function smoothColumns(columns: Columns, smoother: Smoother, strength: number): Columns {
  if (strength <= 0) return columns
  const known = smoothed.get(columns) ?? new Map<string, Columns>()
  smoothed.set(columns, known)
  const key = `${smoother} ${strength}`
  let found = known.get(key)
  if (!found) {
    found = { x: columns.x, y: METHODS[smoother](columns.y.map((value) => (Number.isFinite(value) ? value : NaN)), strength) }
    // Whoever drags the slider passes many strengths: only the last is looked at again.
    known.clear()
    known.set(key, found)
  }
  return found
}
