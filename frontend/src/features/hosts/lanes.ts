// What stands on a GPU's lane: spans of time in which one batch held it.
import type { GpuLane, GpuLanes } from './api'

export interface Span {
  /** Buckets, the last one included. */
  from: number
  to: number
  /** A place in the batches of the lanes; null: nobody told of holding it. */
  batch: number | null
  meanUse: number | null
}

export function spansOf(lane: GpuLane): Span[] {
  const spans: Span[] = []
  lane.holder.forEach((batch, bucket) => {
    // A bucket without a reading belongs to what goes on after it.
    const silent = lane.util_pct[bucket] === null
    const last = spans.at(-1)
    if (silent) return
    if (last && last.batch === batch && nothingBetween(lane, last.to, bucket)) last.to = bucket
    else spans.push({ from: bucket, to: bucket, batch, meanUse: null })
  })
  return spans.map((span) => ({ ...span, meanUse: mean(lane.util_pct.slice(span.from, span.to + 1)) }))
}

const LONGEST_GAP = 2
const nothingBetween = (lane: GpuLane, before: number, after: number): boolean => after - before <= LONGEST_GAP + 1 && lane.util_pct.slice(before + 1, after).every((use) => use === null)

export function mean(values: readonly (number | null)[]): number | null {
  const told = values.filter((value): value is number => value !== null)
  return told.length > 0 ? told.reduce((sum, value) => sum + value, 0) / told.length : null
}

/** The share of its readings in which somebody held it. */
export function heldShare(lane: GpuLane): number | null {
  const told = lane.util_pct.filter((use) => use !== null).length
  return told === 0 ? null : lane.holder.filter((batch) => batch !== null).length / told
}

/** Jobs of a batch that ran between two buckets. */
export function jobsOf(lanes: GpuLanes, span: Span): GpuLanes['jobs'] {
  if (span.batch === null) return []
  const begin = Date.parse(lanes.begin) + span.from * lanes.bucket_s * 1000
  const end = Date.parse(lanes.begin) + (span.to + 1) * lanes.bucket_s * 1000
  return lanes.jobs.filter((job) => job.batch === span.batch && Date.parse(job.start_time ?? '') < end && (job.end_time === null || Date.parse(job.end_time) > begin))
}
