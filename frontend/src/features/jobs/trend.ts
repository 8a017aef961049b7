// Whether a loss still falls: the mean of the newer half of its last values against the older half.

export type Trend = 'better' | 'worse' | 'flat'
const NOTICEABLE = 0.01

export function trendOf(values: readonly number[]): Trend | null {
  if (values.length < 4) return null
  const half = Math.floor(values.length / 2)
  const mean = (part: readonly number[]): number => part.reduce((sum, value) => sum + value, 0) / part.length
  const [older, newer] = [mean(values.slice(0, half)), mean(values.slice(-half))]
  const change = (newer - older) / (Math.abs(older) || 1)
  if (Math.abs(change) < NOTICEABLE) return 'flat'
  return change < 0 ? 'better' : 'worse'
}
