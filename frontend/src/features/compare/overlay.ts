// The curves of what is compared: from columns as the server sends them to lines of a chart. Pure.
import type { LineSeries, XAxis } from '@/shared/charts'
import type { CurveAnswer } from './api'
import { keyOfJob } from './selection'
import type { Side } from './sides'

type Result = CurveAnswer['results'][number]['series'][number]
type Band = CurveAnswer['groups'][number]['series'][number]

const chosen = <T extends { name: string; kind: string }>(series: readonly T[], metric: string): T | undefined =>
  // Over epochs where there are any, else over steps.
  [...series].filter((one) => one.name === metric).sort((a, b) => a.kind.localeCompare(b.kind))[0]

/** Seconds since the first point, milliseconds since 1970, or the step. */
export function placesOf({ steps, times }: Pick<Result, 'steps' | 'times'>, axis: XAxis): readonly number[] {
  const first = Math.min(...times)
  return axis === 'relative' ? times.map((time) => time - first) : axis === 'wall' ? times.map((time) => time * 1000) : steps
}

export interface OverlaySettings {
  sides: readonly Side[]
  colours: readonly string[]
  metric: string
  axis: XAxis
  /** Sides that differ by their seed alone are one line with a band. */
  banded: boolean
}

/** The sides that are drawn, each with those that it stands for: one of each seed group, or every one. */
export function drawnSides(sides: readonly Side[], banded: boolean): { side: Side; at: number }[] {
  const seen = new Set<string>()
  return sides.flatMap((side, at) => {
    if (!side.curve || (banded && seen.has(side.group))) return []
    seen.add(side.group)
    return [{ side, at }]
  })
}

export function overlayOf(answer: CurveAnswer, settings: OverlaySettings): LineSeries[] {
  const singles = new Map(answer.results.map((result) => [keyOfJob({ batchId: result.batch_id, jobId: result.job_id }), result]))
  const groups = new Map(answer.groups.map((group) => [group.id, group]))
  return drawnSides(settings.sides, settings.banded).flatMap(({ side, at }) => {
    const colour = settings.colours[at] ?? ''
    const band = settings.banded && side.seeds.length > 1 ? chosen(groups.get(side.key)?.series ?? [], settings.metric) : undefined
    if (band) return [bandLine(side, colour, band, settings.axis)]
    const single = side.curve ? chosen(singles.get(keyOfJob(side.curve))?.series ?? [], settings.metric) : undefined
    if (!single) return []
    const places = placesOf(single, settings.axis)
    return [{ id: side.key, name: side.title, colour, points: places.map((x, point) => [x, single.values[point] ?? null] as const) }]
  })
}

function bandLine(side: Side, colour: string, band: Band, axis: XAxis): LineSeries {
  const number = (value: number | null | undefined): number => value ?? NaN
  const low = band.mean.map((mean, at) => number(mean) - (band.std[at] ?? 0))
  const high = band.mean.map((mean, at) => number(mean) + (band.std[at] ?? 0))
  return {
    id: side.key,
    name: `${side.title} (n = ${side.seeds.length})`,
    colour,
    points: { x: Float64Array.from(axis === 'relative' ? band.elapsed : band.steps), y: Float64Array.from(band.mean, number) },
    band: { low: Float64Array.from(low), high: Float64Array.from(high), n: Float64Array.from(band.n) },
  }
}
