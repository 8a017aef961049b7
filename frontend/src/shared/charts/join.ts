// One metric over another. Two series of a job are joined by their step.
import { lowerBound, type Columns } from './columns'

/**
 * `values` over `places`, both over steps. A value stands at the place that was told at its own step, else at the latest
 * told before: metrics need not be logged together. Values before the first place, and at places that are no number,
 * are left out. The result rises in x; of equal places the order of steps stays.
 */
export function joined(values: Columns, places: Columns): Columns {
  const x: number[] = []
  const y: number[] = []
  values.x.forEach((step, at) => {
    const after = lowerBound(places.x, step)
    const place = places.y[places.x[after] === step ? after : after - 1]
    if (place === undefined || !Number.isFinite(place)) return
    x.push(place)
    y.push(values.y[at] as number)
  })
  const order = x.map((_, at) => at).sort((a, b) => (x[a] as number) - (x[b] as number) || a - b)
  return { x: Float64Array.from(order, (at) => x[at] as number), y: Float64Array.from(order, (at) => y[at] as number) }
}
