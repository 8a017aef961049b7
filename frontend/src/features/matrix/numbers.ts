// A mean beside its deviation: two digits of the deviation, and the mean to the same place, as measurements are written.
import { formatMetric } from '@/shared/i18n/format'

const MOST_DECIMALS = 6
const PLAIN_FROM = 1e-3
const PLAIN_TO = 1e6

export function meanAndStd(mean: number | null, std: number | null | undefined): { mean: string; std: string | null } {
  if (mean === null || std === null || std === undefined) return { mean: formatMetric(mean), std: null }
  const decimals = std > 0 ? 1 - Math.floor(Math.log10(std)) : 0
  const isPlain = (mean === 0 || (Math.abs(mean) >= PLAIN_FROM && Math.abs(mean) < PLAIN_TO)) && std > 0 && decimals <= MOST_DECIMALS
  if (!isPlain) return { mean: formatMetric(mean), std: formatMetric(std) }
  const places = Math.max(0, decimals)
  return { mean: mean.toFixed(places), std: std.toFixed(places) }
}
