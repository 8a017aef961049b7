// The span of values that a chart shows when outliers are to leave the picture.

const LOW = 0.01
const HIGH = 0.99
const MARGIN = 0.05
// Of fewer points, each one may be what the reader came for.
const FEWEST = 10

/** The value below which a share of the sorted values lies, between two of them by proportion. */
export function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] as number
  const high = sorted[Math.ceil(place)] as number
  return low + (high - low) * (place - Math.floor(place))
}

/** From the first to the 99th percentile with a little air, or null when there is nothing to cut. */
export function usualSpan(values: Float64Array, log = false): [number, number] | null {
  const sorted = values.filter((value) => Number.isFinite(value) && (!log || value > 0)).sort()
  if (sorted.length < FEWEST) return null
  const low = quantile(sorted, LOW)
  const high = quantile(sorted, HIGH)
  if (low === high) return null
  if (log) {
    const air = (high / low) ** MARGIN
    return [low / air, high * air]
  }
  const air = (high - low) * MARGIN
  return [low - air, high + air]
}
