import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '@/api/live'
import type { Columns } from '@/shared/charts'
import { spanOf } from './composables/useJobSpan'
import { byClock, sinceStart, timesOf } from './oneAxis'
import { systemLines, wholeOf, withReading, type HostReadings } from './system'

const none = [null, null]
const host = (name: string, more: Partial<HostReadings> = {}): HostReadings => ({
  host: name, times: [10, 20], gpu_util_pct: none, gpu_mem_mb: none, gpu_mem_total_mb: none, gpu_temp_c: none, cpu_util_pct: none,
  ram_mb: none, ram_total_mb: none, proc_cpu_pct: none, proc_ram_mb: none, proc_gpu_mem_mb: none, ...more,
})
const event = (name: string, at: number, data: Record<string, unknown>) => ({ timestamp: new Date(at * 1000).toISOString(), source: { host: name }, data, batch_id: 'b' }) as unknown as LiveEvent

describe('readings of machines', () => {
  it('are a line for each host that has the measure', () => {
    const lines = systemLines([host('a', { gpu_util_pct: [1, null] }), host('b')], 'gpu_util_pct', (time) => time * 1000, () => 'red')
    expect(lines.map(({ id, points }) => [id, [...(points as Columns).x], [...(points as Columns).y]])).toEqual([['a', [10_000, 20_000], [1, NaN]]])
    expect([wholeOf([host('a', { ram_total_mb: [5, 9] })], 'ram_total_mb'), wholeOf([host('a')], 'ram_total_mb')]).toEqual([9, undefined])
  })

  it('grow by what the stream tells, once', () => {
    const first = withReading([host('a')], event('a', 30, { gpu_util_pct: 40, note: 'x' }))
    expect(first[0]).toMatchObject({ times: [10, 20, 30], gpu_util_pct: [null, null, 40] })
    expect(withReading(first, event('a', 30, { gpu_util_pct: 40 }))).toBe(first)
    expect(withReading([], event('new', 5, { cpu_util_pct: 3 }))[0]).toMatchObject({ host: 'new', times: [5], cpu_util_pct: [3] })
  })
})

describe('one axis', () => {
  const clock = { x: Float64Array.of(1, 2, 3), y: Float64Array.of(100, 200, 400) }

  it('leads from steps to times and back, not beyond what was reported', () => {
    const { to, from } = byClock(clock)
    expect([to(2), to(2.4), to(0), to(4)]).toEqual([200, 200, null, null])
    expect([from(210), from(399), from(99), from(401)]).toEqual([2, 3, null, null])
    expect(sinceStart(50).from(sinceStart(50).to(7) as number)).toBe(7)
  })

  it('finds the times of a part of the steps', () => {
    expect(timesOf(clock, [1.5, 3])).toEqual([200, 400])
    expect(timesOf(clock, [1, 2.5])).toEqual([100, 200])
    expect(timesOf(clock, [2, 2.5])).toBeNull()
  })

  it('spans what is known: until the end, or until the newest', () => {
    expect(spanOf(5, NaN, 7, 20, 30)).toEqual({ from: 5, to: 30 })
    expect(spanOf(5, 25, 7, 20, 30)).toEqual({ from: 5, to: 25 })
    expect(spanOf(NaN, NaN, NaN, NaN, 30)).toBeNull()
  })
})
