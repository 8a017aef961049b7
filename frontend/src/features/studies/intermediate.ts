// From what a trial reported, as the server sends it, to a line of a chart. Pure.
import type { LineSeries, XAxis } from '@/shared/charts'
import type { Curves } from './api'

export function lineOf(result: Curves['results'][number], metric: string, axis: XAxis, look: Omit<LineSeries, 'points'>): LineSeries[] {
  const [curve] = result.series.filter(({ name }) => name === metric).sort((a, b) => a.kind.localeCompare(b.kind))
  if (!curve || curve.steps.length === 0) return []
  const first = Math.min(...curve.times)
  const place = (at: number): number => (axis === 'wall' ? (curve.times[at] ?? 0) * 1000 : axis === 'relative' ? (curve.times[at] ?? 0) - first : (curve.steps[at] ?? 0))
  return [{ ...look, points: curve.steps.map((_, at) => [place(at), curve.values[at] ?? null] as const) }]
}
