// Whether a loss still falls: the mean of the newer half of its last values against the older half. A difference that is
// less than what the values differ among themselves (twice the standard error of the two means) is none: a loss that is
// only restless neither falls nor rises.

export type Trend = 'better' | 'worse' | 'flat'
const NOTICEABLE = 0.01
const ERRORS = 2

export function trendOf(values: readonly number[]): Trend | null {
  if (values.length < 4) return null
  const half = Math.floor(values.length / 2)
  const [older, newer] = [spreadOf(values.slice(0, half)), spreadOf(values.slice(-half))]
  const change = newer.mean - older.mean
  const restless = ERRORS * Math.sqrt((older.variance + newer.variance) / half)
  if (Math.abs(change) < Math.max(NOTICEABLE * (Math.abs(older.mean) || 1), restless)) return 'flat'
  return change < 0 ? 'better' : 'worse'
}

function spreadOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) }
}
