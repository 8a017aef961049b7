// What a batch took: seconds of its jobs, how busy its cards were, and what came to nothing.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { bucketOf, type Job } from '@/features/runs'
import { parseTime } from '@/shared/i18n/format'
import type { BatchReading } from './useBatchReadings'

export interface CardCost {
  index: number
  name: string | null
  now: number | null
  mean: number | null
  /** Most memory that was in use, in MiB. */
  peak: number | null
  temperature: number | null
}

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

/** How long a job took or has been running, in seconds. */
export function secondsOf(job: Job, now: number): number {
  if (job.elapsed_s !== null) return job.elapsed_s
  const start = parseTime(job.start_time)
  if (start === null) return 0
  const end = parseTime(job.end_time) ?? (bucketOf(job.status) === 'running' ? now : start)
  return Math.max(0, (end - start) / 1000)
}

/** Of each card that was ever read: what it does now, on the mean, and at most. */
export function cardCosts(readings: readonly Pick<BatchReading, 'gpus'>[]): CardCost[] {
  const found = new Map<number, CardCost & { sum: number; n: number; held: boolean }>()
  for (const { gpus } of readings) {
    for (const [place, gpu] of (gpus ?? []).entries()) {
      const index = number(gpu.index) ?? place
      const card = found.get(index) ?? { index, name: typeof gpu.name === 'string' ? gpu.name : null, now: null, mean: null, peak: null, temperature: null, sum: 0, n: 0, held: false }
      card.now = number(gpu.util_pct)
      card.temperature = number(gpu.temp_c)
      card.held ||= (number(gpu.proc_mem_mb) ?? 0) > 0
      const memory = number(gpu.proc_mem_mb) ?? number(gpu.mem_mb)
      if (memory !== null) card.peak = Math.max(card.peak ?? 0, memory)
      if (card.now !== null) {
        card.sum += card.now
        card.n += 1
      }
      found.set(index, card)
    }
  }
  const held = [...found.values()].some((card) => card.held)
  return [...found.values()]
    .filter((card) => card.held || !held)
    .sort((a, b) => a.index - b.index)
    .map(({ sum, n, index, name, now, peak, temperature }) => ({ index, name, now, peak, temperature, mean: n > 0 ? sum / n : null }))
}

export function useCost(jobs: MaybeRefOrGetter<readonly Job[]>, readings: MaybeRefOrGetter<readonly BatchReading[]>) {
  const cards = computed(() => cardCosts(toValue(readings)))
  const sum = (some: readonly Job[]): number => some.reduce((total, job) => total + secondsOf(job, Date.now()), 0)
  return {
    cards,
    seconds: computed(() => sum(toValue(jobs))),
    /** Seconds of jobs that failed, or that stood idle. */
    wasted: computed(() => sum(toValue(jobs).filter((job) => bucketOf(job.status) === 'failed' || job.is_idle_flagged))),
    meanUse: computed(() => {
      const known = cards.value.map((card) => card.mean).filter((value): value is number => value !== null)
      return known.length > 0 ? known.reduce((total, value) => total + value, 0) / known.length : null
    }),
  }
}
