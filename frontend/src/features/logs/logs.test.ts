import { describe, expect, it } from 'vitest'
import { nextTick, ref, shallowRef } from 'vue'
import type { LogRow } from './api'
import { BLOCK, LogBlocks } from './blocks'
import { useLogPlaces } from './composables/useLogPlaces'
import { isWanted } from './levels'
import { lineOf } from './liveLine'
import { parseGoal } from './place'
import { fits, isScaled, lastPosition, positionAt, positionFor, scrollTopAt, tallPx } from './scrolling'

const line = (n: number, event = `e${n}`): LogRow => ({ id: n + 1, n, event_id: event, ts: '2026-11-20T12:00:00Z', job_id: 'j', level: 'info', stream: null, dropped: null, line: `line ${n}` })
const rows = (from: number, to: number): LogRow[] => Array.from({ length: to - from }, (_, at) => line(from + at))

describe('blocks of a log', () => {
  it('know what is missing, and what is only begun', () => {
    const blocks = new LogBlocks()
    blocks.put(rows(BLOCK, BLOCK + 10), 3 * BLOCK)
    expect(blocks.missing(0, 3 * BLOCK)).toEqual([0, 1, 2])
    blocks.put(rows(BLOCK, 2 * BLOCK), 3 * BLOCK)
    expect(blocks.missing(BLOCK - 1, BLOCK + 1)).toEqual([0])
    expect(blocks.row(BLOCK + 3)?.line).toBe(`line ${BLOCK + 3}`)
    expect(blocks.row(3)).toBeUndefined()
    expect(blocks.missing(-5, 0)).toEqual([])
  })

  it('take a line from the stream once, whichever way it came first', () => {
    const blocks = new LogBlocks()
    blocks.put(rows(0, 3), 3)
    expect(blocks.append(line(0, 'e2'))).toBe(false)
    expect(blocks.append(line(0, 'new'))).toBe(true)
    expect(blocks.append(line(0, 'new'))).toBe(false)
    expect([blocks.total, blocks.row(3)?.event_id, blocks.row(3)?.n]).toEqual([4, 'new', 3])
    blocks.put(rows(0, 4), 4)
    expect(blocks.total).toBe(4)
  })

  it('count what they do not hold, and never leave a hole', () => {
    const blocks = new LogBlocks()
    blocks.put([], BLOCK + 5)
    expect(blocks.append(line(0, 'x'))).toBe(true)
    expect([blocks.total, blocks.row(BLOCK + 5)]).toEqual([BLOCK + 6, undefined])
    blocks.put([line(BLOCK + 2)], BLOCK + 6)
    expect(blocks.row(BLOCK + 2)).toBeUndefined()
    expect(blocks.missing(BLOCK, BLOCK + 6)).toEqual([1])
  })

  it('forget what was looked at longest ago', () => {
    const blocks = new LogBlocks()
    for (let block = 0; block < 61; block += 1) blocks.put(rows(block * BLOCK, (block + 1) * BLOCK), 100 * BLOCK)
    expect(blocks.row(0)).toBeUndefined()
    expect(blocks.row(BLOCK)).toBeDefined()
    blocks.missing(BLOCK, BLOCK + 1)
    blocks.put(rows(70 * BLOCK, 71 * BLOCK), 100 * BLOCK)
    expect([blocks.row(BLOCK) !== undefined, blocks.row(2 * BLOCK)]).toEqual([true, undefined])
  })
})

describe('scrolling through a million lines', () => {
  const large = { total: 1_000_000, rowPx: 20, viewPx: 600 }
  const small = { total: 100, rowPx: 20, viewPx: 600 }

  it('is one to one where the browser can, and scaled where it cannot', () => {
    expect([isScaled(small), tallPx(small), scrollTopAt(10, small), positionAt(200, small)]).toEqual([false, 2000, 200, 10])
    expect([isScaled(large), tallPx(large)]).toEqual([true, 8_000_000])
    expect(positionAt(tallPx(large) - large.viewPx, large)).toBeCloseTo(lastPosition(large), 3)
    expect(positionAt(scrollTopAt(654_321, large), large)).toBeCloseTo(654_321, 3)
  })

  it('brings a line into view, moving no further than needed', () => {
    expect(positionFor(5, 10, small, false)).toBe(5)
    expect(positionFor(20, 10, small, false)).toBe(10)
    expect(positionFor(50, 10, small, false)).toBe(21)
    expect(positionFor(50, 0, small, true)).toBe(35.5)
    expect(positionFor(99, 0, small, true)).toBe(lastPosition(small))
    expect([fits(small), lastPosition({ ...small, total: 3 })]).toEqual([30, 0])
  })
})

describe('levels', () => {
  it('count as the server counts them', () => {
    const is = (level: string, least: string): boolean => isWanted({ level, line: 'x' }, { level: least, text: '' })
    expect([is('DEBUG', 'all'), is('debug', 'info'), is('notice', 'info'), is('Warning', 'warn'), is('info', 'warn'), is('fatal', 'error')]).toEqual([true, false, true, true, false, true])
    expect(isWanted({ level: 'info', line: 'A Needle' }, { level: 'all', text: 'needle' })).toBe(true)
  })
})

describe('a place that is typed', () => {
  const near = new Date(2026, 10, 20, 15, 0)
  it.each([
    ['12', { line: 11 }],
    ['#1', { line: 0 }],
    ['0', { line: 0 }],
    ['14:02', { at: new Date(2026, 10, 20, 14, 2).toISOString() }],
    ['9:02:31', { at: new Date(2026, 10, 20, 9, 2, 31).toISOString() }],
    ['2026-11-19', { at: new Date(2026, 10, 19).toISOString() }],
    ['2026-11-19 08:30', { at: new Date(2026, 10, 19, 8, 30).toISOString() }],
    ['2026-11-19T08:30:00Z', { at: '2026-11-19T08:30:00.000Z' }],
    ['25:00', null],
    ['noon', null],
    ['', null],
  ])('%s', (text, goal) => {
    expect(parseGoal(text, near)).toEqual(goal)
  })
})

describe('a place that is typed before the log is there', () => {
  it('is gone to when it is', async () => {
    const loading = ref(true)
    const total = shallowRef(0)
    const shown: number[] = []
    const nothing = (): undefined => undefined
    const pages = { version: ref(0), total, error: ref(null), broken: ref(null), loading, refresh: async () => {}, row: nothing, show: nothing, find: async () => null, onArrival: nothing }
    const places = useLogPlaces({ pages, hits: ref([]), filtered: ref(false), linked: ref(''), show: (row) => shown.push(row) })
    const going = places.goToTyped('300')
    await nextTick()
    expect(shown).toEqual([])
    total.value = 1_200
    loading.value = false
    await going
    expect([shown, places.current.value]).toEqual([[299], 299])
  })
})

describe('a line from the stream', () => {
  const event = (data: Record<string, unknown>, over = {}) => ({ event_type: 'log_line', event_id: 'e', timestamp: '2026-11-20T12:00:00Z', batch_id: 'b', job_id: 'j', source: { project: 'p', host: null, user: null, command: null }, data, channel: 'c', ...over })

  it('is read as the server reads it', () => {
    expect(lineOf(event({ line: 'x', level: 'error', stream: 'stderr', dropped: 3 }), { batchId: 'b' })).toMatchObject({ line: 'x', level: 'error', stream: 'stderr', dropped: 3, id: null })
    expect(lineOf(event({ message: { a: 1 } }), { batchId: 'b', jobId: 'j' })).toMatchObject({ line: '{"a":1}', level: 'info', stream: null, dropped: null })
  })

  it('is of this log alone', () => {
    expect(lineOf(event({ line: 'x' }), { batchId: 'b', jobId: 'other' })).toBeNull()
    expect(lineOf(event({ line: 'x' }), { batchId: 'other' })).toBeNull()
    expect(lineOf(event({}, { event_type: 'job_epoch' }), { batchId: 'b' })).toBeNull()
  })
})
