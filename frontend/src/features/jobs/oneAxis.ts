// One axis for what a job reported and what its machines did. Curves over steps and readings over time meet by the time at
// which each step was reported.
import { lowerBound, nearest, type Columns, type Shared, type XAxis } from '@/shared/charts'

/** Between steps and times (milliseconds); a place outside of what was reported has no counterpart. */
export function byClock(clock: Columns): Shared {
  const last = clock.x.length - 1
  const rising = clock.y.every((time, at) => at === 0 || time >= (clock.y[at - 1] as number))
  return {
    to: (step) => {
      const at = nearest(clock.x, step)
      return at < 0 || step < (clock.x[0] as number) || step > (clock.x[last] as number) ? null : (clock.y[at] as number)
    },
    from: (time) => {
      const at = rising ? nearest(clock.y, time) : nearestOf(clock.y, time)
      return at < 0 || time < (clock.y[0] as number) || time > (clock.y[last] as number) ? null : (clock.x[at] as number)
    },
  }
}

/** A run that began anew goes back in steps, never in time; only clocks that were set back do. */
function nearestOf(times: Float64Array, time: number): number {
  let best = -1
  times.forEach((one, at) => {
    if (best < 0 || Math.abs(one - time) < Math.abs((times[best] as number) - time)) best = at
  })
  return best
}

/** Between seconds since a job began and times. */
export const sinceStart = (began: number): Shared => ({ to: (seconds) => (began + seconds) * 1000, from: (time) => time / 1000 - began })

/** The times that belong to a part of the steps: from the first step in it to the last. */
export function timesOf(clock: Columns, [from, to]: readonly [number, number]): readonly [number, number] | null {
  const begin = lowerBound(clock.x, from)
  let end = lowerBound(clock.x, to)
  if (clock.x[end] !== to) end -= 1
  const times = clock.y.subarray(begin, end + 1)
  return times.length > 1 ? [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))] : null
}

export const isTimeAxis = (axis: XAxis): axis is 'relative' | 'wall' => axis === 'relative' || axis === 'wall'
