import { describe, expect, it } from 'vitest'
import type { Job } from '@/features/runs'
import { barsOf, neighbour, packed, single, spanOf, tickLabels, ticksOf } from './layout'

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString()
const job = (id: string, from: number | null, to: number | null, status = 'done'): Job =>
  ({ id, batch_id: 'b', model: `m-${id}`, dataset: null, status, start_time: from === null ? null : at(from), end_time: to === null ? null : at(to), elapsed_s: null, is_idle_flagged: false }) as unknown as Job
const NOW = Date.parse(at(60))

describe('bars', () => {
  it('begin with the job and end with it, or now while it runs', () => {
    const bars = barsOf([job('b', 10, 20), job('a', 0, null, 'running'), job('c', null, null, 'pending')], NOW)
    expect(bars.map(({ id, live, end }) => [id, live, end])).toEqual([
      ['a', true, NOW],
      ['b', false, Date.parse(at(20))],
    ])
  })

  it('never end before they begin', () => {
    const [bar] = barsOf([job('a', 20, 10)], NOW)
    expect(bar?.end).toBe(bar?.start)
  })
})

describe('lanes', () => {
  it('are as many as jobs ran at once, and no two bars of one overlap', () => {
    const jobs = Array.from({ length: 2_000 }, (_, n) => job(String(n), (n * 7) % 500, ((n * 7) % 500) + 3 + (n % 5)))
    const bars = barsOf(jobs, NOW)
    const lanes = packed(bars)
    let most = 0
    for (const { start } of bars) most = Math.max(most, bars.filter((other) => other.start <= start && other.end > start).length)
    expect(lanes.length).toBe(most)
    for (const lane of lanes) lane.bars.forEach((bar, n) => n > 0 && expect(bar.start).toBeGreaterThanOrEqual(lane.bars[n - 1]?.end as number))
    expect(lanes.reduce((sum, lane) => sum + lane.bars.length, 0)).toBe(2_000)
  })

  it('can be one for each job', () => {
    expect(single(barsOf([job('a', 0, 1), job('b', 2, 3)], NOW)).map((lane) => lane.key)).toEqual(['a', 'b'])
  })
})

describe('the span', () => {
  it('ends with the last bar, or stays ahead of the present while the batch runs', () => {
    const bars = barsOf([job('a', 0, 30)], NOW)
    expect(spanOf(bars, NOW, false)).toEqual({ from: Date.parse(at(0)), to: Date.parse(at(30)) })
    const live = spanOf(bars, NOW, true)
    expect(live.to).toBeGreaterThan(NOW)
    expect(spanOf(bars, NOW + 1_000, true)).toEqual(live)
  })

  it('has few round ticks, whatever its length', () => {
    for (const length of [3_000, 90_000, 3_600_000, 90_000_000, 9_000_000_000]) {
      const ticks = ticksOf({ from: NOW, to: NOW + length }, 8)
      expect(ticks.length).toBeGreaterThan(0)
      expect(ticks.length).toBeLessThanOrEqual(9)
      for (const tick of ticks) expect(tick).toBeGreaterThanOrEqual(NOW)
    }
  })
})

describe('arrow keys', () => {
  const lanes = packed(barsOf([job('a', 0, 10), job('b', 0, 10), job('c', 10, 20), job('d', 40, 50)], NOW))

  it('walk along a lane and stop at its ends', () => {
    expect(neighbour(lanes, { lane: 0, bar: 0 }, 'ArrowLeft')).toEqual({ lane: 0, bar: 0 })
    const next = neighbour(lanes, { lane: 0, bar: 0 }, 'ArrowRight')
    expect(lanes[next.lane]?.bars[next.bar]?.start).toBeGreaterThan(lanes[0]?.bars[0]?.start as number)
  })

  it('lead to what is nearest in time in the lane below', () => {
    expect(neighbour(lanes, { lane: 0, bar: 0 }, 'ArrowDown')).toEqual({ lane: 1, bar: 0 })
    expect(neighbour(lanes, { lane: 1, bar: 0 }, 'ArrowDown').lane).toBe(1)
  })
})

describe('words of ticks', () => {
  const at = (time: number): number => time

  it('stand before their line where the time ends', () => {
    expect(tickLabels([0, 100, 300], at, 300, 96).map(({ isBefore }) => isBefore)).toEqual([false, false, true])
  })

  it('are left out where they would run into those before', () => {
    expect(tickLabels([60, 180], at, 240, 96).map(({ time }) => time)).toEqual([60])
    expect(tickLabels([0, 50, 100, 150], at, 400, 96).map(({ time }) => time)).toEqual([0, 100])
  })
})
