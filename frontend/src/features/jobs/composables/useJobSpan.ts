// The time that a job's charts span: the same for its curves and for its machines' readings, so that one axis serves both.
import { computed, shallowReactive, toValue, type MaybeRefOrGetter } from 'vue'
import { useJobStore, useSeriesStore } from '@/features/runs'

export interface Span {
  /** Seconds since 1970. */
  from: number
  to: number
}

// How far the readings of a job's machines go: its curves do not know them.
const readTo = shallowReactive(new Map<string, number>())

const seconds = (time: string | null | undefined): number => Date.parse(time ?? '') / 1000
const known = (times: readonly number[]): number[] => times.filter(Number.isFinite)

/** From the first thing that is known of a job to the last; its end, once it has one, is the last. */
export function spanOf(start: number, end: number, first: number, last: number, read: number): Span | null {
  const begins = known([start, first])
  const ends = Number.isFinite(end) ? known([end, last]) : known([last, read])
  if (begins.length === 0 || ends.length === 0) return null
  const [from, to] = [Math.min(...begins), Math.max(...ends)]
  return from < to ? { from, to } : null
}

export function useJobSpan(batchId: MaybeRefOrGetter<string>, jobId: MaybeRefOrGetter<string>) {
  const jobs = useJobStore()
  const store = useSeriesStore()
  const key = (): string => JSON.stringify([toValue(batchId), toValue(jobId)])
  const span = computed(() => {
    void store.version(toValue(batchId), toValue(jobId))
    const job = jobs.one(toValue(batchId), toValue(jobId))
    const series = store.get(toValue(batchId), toValue(jobId))
    return spanOf(seconds(job?.start_time), seconds(job?.end_time), series?.began() ?? NaN, series?.lastTime() ?? NaN, readTo.get(key()) ?? NaN)
  })
  return { span, tell: (last: number) => readTo.set(key(), last) }
}
