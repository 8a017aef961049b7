// A Gantt chart of a batch's jobs as numbers: which bar lies in which lane, and where on the axis of time. Pure.
import { bucketOf, type Bucket, type Job } from '@/features/runs'
import { parseTime } from '@/shared/i18n/format'

export interface Bar {
  id: string
  name: string
  status: string
  bucket: Bucket
  start: number
  end: number
  /** It goes on: the end is the present moment. */
  live: boolean
  idle: boolean
}

export interface Lane {
  key: string
  bars: Bar[]
}

/** The bars of all jobs that have begun, in the order of their start. */
export function barsOf(jobs: readonly Job[], now: number): Bar[] {
  return jobs
    .flatMap((job): Bar[] => {
      const start = parseTime(job.start_time)
      if (start === null) return []
      const live = bucketOf(job.status) === 'running'
      const end = parseTime(job.end_time) ?? (live ? now : start + (job.elapsed_s ?? 0) * 1000)
      const name = [job.model, job.dataset].filter(Boolean).join(' · ') || job.id
      return [{ id: job.id, name, status: job.status ?? 'unknown', bucket: bucketOf(job.status), start, end: Math.max(start, end), live, idle: job.is_idle_flagged }]
    })
    .sort((a, b) => a.start - b.start || a.end - b.end || a.id.localeCompare(b.id))
}

/** As few lanes as jobs ran at once: each bar goes into the lane that has been free for the shortest time. */
export function packed(bars: readonly Bar[]): Lane[] {
  const lanes: Lane[] = []
  const ends: number[] = []
  for (const bar of bars) {
    let best = -1
    for (let lane = 0; lane < ends.length; lane++) {
      const end = ends[lane] as number
      if (end <= bar.start && (best < 0 || end > (ends[best] as number))) best = lane
    }
    if (best < 0) {
      best = ends.length
      ends.push(0)
      lanes.push({ key: `slot ${best}`, bars: [] })
    }
    ends[best] = Math.max(bar.end, bar.start + 1)
    lanes[best]?.bars.push(bar)
  }
  return lanes
}

/** One lane for each job. */
export const single = (bars: readonly Bar[]): Lane[] => bars.map((bar) => ({ key: bar.id, bars: [bar] }))

export interface Span {
  from: number
  to: number
}

const ROOM = 0.03

/** The time that the chart shows. While a batch runs there is some room ahead, so that nothing moves every second. */
export function spanOf(bars: readonly Bar[], now: number, live: boolean): Span {
  if (bars.length === 0) return { from: now - 60_000, to: now }
  const from = Math.min(...bars.map((bar) => bar.start))
  const last = live ? now : Math.max(...bars.map((bar) => bar.end))
  const length = Math.max(1_000, last - from)
  return { from, to: live ? from + stepUp(length * (1 + ROOM)) : from + length }
}

// To the next of eight steps in each doubling.
const stepUp = (length: number): number => 2 ** (Math.ceil(Math.log2(length) * 8) / 8)

const MINUTE = 60_000
const STEPS = [1_000, 5_000, 15_000, 30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 3 * 60 * MINUTE, 6 * 60 * MINUTE, 12 * 60 * MINUTE, 24 * 60 * MINUTE, 7 * 24 * 60 * MINUTE]

/** Round times within a span, at most `most` of them. */
export function ticksOf({ from, to }: Span, most: number): number[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / (24 * 60 * MINUTE)) * 24 * 60 * MINUTE
  const offset = new Date(from).getTimezoneOffset() * MINUTE
  const first = Math.ceil((from - offset) / step) * step + offset
  const ticks: number[] = []
  for (let time = first; time <= to; time += step) ticks.push(time)
  return ticks
}

export interface TickLabel {
  time: number
  at: number
  /** Near the end it stands before its line, where it is not cut. */
  isBefore: boolean
}

/** Which ticks have words: those whose `room` does not run into the words before. */
export function tickLabels(ticks: readonly number[], x: (time: number) => number, width: number, room: number): TickLabel[] {
  let free = -Infinity
  return ticks.flatMap((time) => {
    const at = x(time)
    const isBefore = width - at < room
    const begin = isBefore ? at - room : at
    if (begin < free) return []
    free = begin + room
    return [{ time, at, isBefore }]
  })
}

export interface Place {
  lane: number
  bar: number
}

/** The bar that an arrow key leads to: the next in its lane, or the one of a neighbouring lane that is nearest in time. */
export function neighbour(lanes: readonly Lane[], at: Place, key: string): Place {
  const here = lanes[at.lane]?.bars[at.bar]
  if (!here) return { lane: 0, bar: 0 }
  const row = lanes[at.lane]?.bars.length ?? 1
  if (key === 'ArrowRight') return { lane: at.lane, bar: Math.min(row - 1, at.bar + 1) }
  if (key === 'ArrowLeft') return { lane: at.lane, bar: Math.max(0, at.bar - 1) }
  if (key === 'Home') return { lane: at.lane, bar: 0 }
  if (key === 'End') return { lane: at.lane, bar: row - 1 }
  const lane = Math.min(lanes.length - 1, Math.max(0, at.lane + (key === 'ArrowDown' ? 1 : -1)))
  if (lane === at.lane) return at
  const middle = (here.start + here.end) / 2
  const bars = lanes[lane]?.bars ?? []
  const far = (bar: Bar): number => Math.abs((bar.start + bar.end) / 2 - middle)
  return { lane, bar: bars.reduce((best, bar, index) => (far(bar) < far(bars[best] as Bar) ? index : best), 0) }
}
