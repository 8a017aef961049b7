import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '@/api/live'
import type { GpuTile } from './api'
import { byHost, countStates, foldReading, initialsOf } from './wall'

const holder = { batch_id: 'a', project: 'p', status: 'running', owner: 'ada', user: null, jobs: [] }
const tile = (host: string, index: number, more: Partial<GpuTile> = {}): GpuTile => ({
  host, index, name: 'A100', state: 'busy', util_pct: 90, mem_mb: 10, mem_total_mb: 80, temp_c: 60, power_w: 300, power_limit_w: 400, slowed_by: [], idle_s: null, seen_at: '2026-01-01T00:00:00Z', holder, ...more,
})
const reading = (batchId: string, host: string, ...gpus: Record<string, unknown>[]): LiveEvent =>
  ({ event_type: 'resource_snapshot', batch_id: batchId, job_id: null, timestamp: '2026-01-01T00:01:00Z', source: { project: 'p', host }, data: { gpus } }) as unknown as LiveEvent

describe('the GPU wall', () => {
  it.each([
    ['ada', 'AD'],
    ['grace.hopper', 'GH'],
    ['李 雷', '李雷'],
    ['', '?'],
    [null, '?'],
  ])('calls %s %s', (name, letters) => {
    expect(initialsOf(name)).toBe(letters)
  })

  it('stands in the order of hosts and of their numbers', () => {
    const found = byHost([tile('gpu-10', 0), tile('gpu-2', 1), tile('gpu-2', 0)])
    expect(found.map(({ host, tiles }) => [host, tiles.map(({ index }) => index)])).toEqual([['gpu-2', [0, 1]], ['gpu-10', [0]]])
  })

  it('counts what GPUs do', () => {
    expect(countStates([tile('a', 0), tile('a', 1, { state: 'free', holder: null })])).toMatchObject({ busy: 1, free: 1, idle: 0 })
  })

  it('takes the numbers of a reading of that host alone', () => {
    const { tiles, isStale } = foldReading([tile('a', 0), tile('b', 0)], reading('a', 'a', { index: 0, util_pct: 20, mem_mb: 5, temp_c: 50, proc_mem_mb: 4 }))
    expect(tiles.map(({ util_pct }) => util_pct)).toEqual([20, 90])
    expect(isStale).toBe(false)
  })

  it('knows that an idle one works again, and leaves it to the server that one idles', () => {
    const idle = tile('a', 0, { state: 'idle', idle_s: 600 })
    const own = { index: 0, util_pct: 80, proc_mem_mb: 4 }
    expect(foldReading([idle], reading('a', 'a', own)).tiles[0]).toMatchObject({ state: 'busy', idle_s: null })
    expect(foldReading([tile('a', 0)], reading('a', 'a', { ...own, util_pct: 0 })).tiles[0]?.state).toBe('busy')
  })

  it.each([
    ['another batch took it', [tile('a', 0)], { index: 0, util_pct: 1, proc_mem_mb: 4 }, 'b'],
    ['its batch left it', [tile('a', 0)], { index: 0, util_pct: 1, proc_mem_mb: 0 }, 'a'],
    ['nobody knew of it', [], { index: 0, util_pct: 1, proc_mem_mb: 0 }, 'a'],
    ['its host was silent', [tile('a', 0, { state: 'silent' })], { index: 0, util_pct: 1, proc_mem_mb: 4 }, 'a'],
  ])('asks the server again when %s', (_, tiles, card, batchId) => {
    expect(foldReading(tiles, reading(batchId, 'a', card)).isStale).toBe(true)
  })
})
