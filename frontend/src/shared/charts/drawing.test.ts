import { describe, expect, it } from 'vitest'
import { columnsOf, extent, lowerBound, nearest, type Columns } from './columns'
import { labelsAcross, labelsOf, paintFrame, plotRect, type FrameSettings } from './frame'
import { readingsAt, snapped, stepped, summaryOf } from './hover'
import { joined } from './join'
import { hide, isShown, matching, pin, solo, ALL_SHOWN } from './legend'
import { PLAIN_LOOK } from './look'
import { placed, sameView } from './painter'
import { fromPixel, logAxis, niceAxis, niceStep, panned, toPixel, zoomed, type Domain } from './scale'
import { drawingsOf, oddMarks, rangesOf } from './scene'
import type { LineSeries } from './series'
import { smoothColumns } from './smoothing'
import { tableOf } from './table'
import { axisTicks, timeTicks, valueTicks } from './ticks'
import { trace, type View } from './trace'

const columns = (x: readonly number[], y: readonly number[]): Columns => ({ x: Float64Array.from(x), y: Float64Array.from(y) })
const line = (id: string, x: readonly number[], y: readonly number[], more: Partial<LineSeries> = {}): LineSeries => ({ id, name: id, colour: 'red', points: columns(x, y), ...more })
const domain = (from: number, to: number, log = false): Domain => ({ from, to, log })
const view = (x: Domain, y: Domain, width = 100): View => ({ x, y, rect: { left: 0, top: 0, width, height: 100 } })

// A fixed sequence: every run tries the same numbers.
function sequence(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
}

describe('columns', () => {
  it('of a list are made once, gaps as NaN', () => {
    const points = [[1, 2], [3, null]] as const
    expect(columnsOf(points)).toBe(columnsOf(points))
    expect([...columnsOf(points).y]).toEqual([2, NaN])
  })

  it('are searched by halves', () => {
    const x = Float64Array.of(1, 3, 3, 8)
    expect([0, 1, 2, 3, 9].map((value) => lowerBound(x, value))).toEqual([0, 0, 1, 1, 4])
    expect([0, 2.1, 5, 6, 99].map((value) => nearest(x, value))).toEqual([0, 1, 2, 3, 3])
    expect(nearest(new Float64Array(0), 1)).toBe(-1)
  })

  it('span what is a number in a part of them', () => {
    const points = columns([1, 2, 3, 4, 5], [9, NaN, -2, Infinity, 1])
    expect(extent(points, 2, 5)).toEqual([-2, 1])
    expect(extent(points, 2, 5, true)).toEqual([1, 1])
    expect(extent(points, 2, 2)).toBeNull()
  })
})

describe('one metric over another', () => {
  it('is joined at the same step, else at the latest place before', () => {
    const values = columns([1, 2, 3, 4], [10, 20, 30, 40])
    const places = columns([2, 4], [0.5, 0.9])
    expect(joined(values, places)).toEqual(columns([0.5, 0.5, 0.9], [20, 30, 40]))
  })

  it('leaves out what stands at no number, keeps gaps, and rises', () => {
    expect(joined(columns([1, 2, 3], [1, NaN, 3]), columns([1, 2, 3], [9, 5, NaN]))).toEqual(columns([5, 9], [NaN, 1]))
    expect(joined(columns([1], [1]), columns([], []))).toEqual(columns([], []))
  })
})

describe('scales', () => {
  it.each([[0.3, 0.5], [1, 1], [1.2, 2], [2.1, 2.5], [3, 5], [7, 10], [0.00011, 0.0002]])('%d is rounded up to %d', (rough, nice) => expect(niceStep(rough)).toBeCloseTo(nice, 12))

  it('of values end on ticks around them', () => {
    expect(niceAxis(0.12, 0.97)).toEqual({ from: 0, to: 1, log: false, interval: 0.25 })
    expect(niceAxis(5, 5)).toMatchObject({ from: 4.5, to: 5.5 })
    const next = sequence(3)
    for (let turn = 0; turn < 200; turn += 1) {
      const low = (next() - 0.5) * 10 ** (next() * 8 - 4)
      const high = low + next() * 10 ** (next() * 8 - 4) + 1e-9
      const axis = niceAxis(low, high)
      const air = (high - low) * 1e-6
      expect(axis.from).toBeLessThanOrEqual(low + air)
      expect(axis.to).toBeGreaterThanOrEqual(high - air)
      expect((axis.to - axis.from) / (axis.interval as number)).toBeLessThan(8)
    }
  })

  it('that are logarithmic have whole decades', () => {
    expect(logAxis(0.003, 40)).toEqual({ from: 0.001, to: 100, log: true })
    expect(logAxis(2, 4).from).toBeGreaterThan(1)
  })

  it.each([domain(3, 9), domain(0.1, 1000, true)])('lead to pixels and back: %o', (one) => {
    for (const pixel of [10, 37.5, 210]) expect(toPixel(one, fromPixel(one, pixel, 10, 210), 10, 210)).toBeCloseTo(pixel, 9)
    expect(toPixel(one, one.from, 10, 210)).toBeCloseTo(10)
  })

  it('zoom around a place that stays where it is, and no further out than all', () => {
    const near = zoomed(domain(0, 100), 25, 0.5, domain(0, 100))
    expect([near.from, near.to]).toEqual([12.5, 62.5])
    expect(zoomed(near, 25, 10, domain(0, 100))).toEqual(domain(0, 100))
    const log = zoomed(domain(1, 100, true), 10, 0.5, domain(1, 100, true))
    expect(toPixel(log, 10, 0, 100)).toBeCloseTo(50)
  })

  it('move along to the end and not beyond', () => {
    expect(panned(domain(20, 40), 0.5, domain(0, 100))).toEqual(domain(30, 50))
    expect(panned(domain(70, 90), 5, domain(0, 100))).toEqual(domain(80, 100))
    expect(panned(domain(70, 90), -9, domain(0, 100))).toEqual(domain(0, 20))
  })
})

describe('a traced line', () => {
  const pixels = (traced: Float32Array): [number, number][] => Array.from({ length: traced.length / 2 }, (_, at) => [traced[2 * at] as number, traced[2 * at + 1] as number])

  it('of few points has them all', () => {
    expect(pixels(trace(columns([0, 50, 100], [0, 1, 0.5]), view(domain(0, 100), domain(0, 1))))).toEqual([[0, 100], [50, 0], [100, 50]])
  })

  it('breaks at gaps and where a logarithmic axis has no place', () => {
    expect(pixels(trace(columns([0, 50, 100], [0, NaN, 1]), view(domain(0, 100), domain(0, 1))))).toEqual([[0, 100], [NaN, NaN], [100, 0]])
    expect(pixels(trace(columns([0, 50, 100], [1, -3, 10]), view(domain(0, 100), domain(1, 10, true))))[1]).toEqual([NaN, NaN])
  })

  it('leaves the picture where the next point beyond its end leads', () => {
    const traced = pixels(trace(columns([0, 10, 20, 30, 40], [0, 1, 2, 3, 4]), view(domain(15, 25), domain(0, 4))))
    expect(traced.map(([x]) => x)).toEqual([-50, 50, 150])
  })

  it('of a great many has at most four for a column of pixels, and loses no extreme', () => {
    const next = sequence(11)
    for (const count of [500, 2_000, 50_000]) {
      const x = Array.from({ length: count }, (_, at) => at)
      const y = x.map(() => next())
      y[Math.floor(count / 3)] = 5
      y[Math.floor(count / 2)] = -5
      const traced = pixels(trace(columns(x, y), view(domain(0, count - 1), domain(-5, 5))))
      expect(traced.length).toBeLessThanOrEqual(4 * 101)
      expect(Math.min(...traced.map(([, height]) => height))).toBe(0)
      expect(Math.max(...traced.map(([, height]) => height))).toBe(100)
      // Each column keeps its own ends, so that the envelope is that of all points.
      const columnOf = (place: number): number => Math.floor(place)
      for (const column of [3, 50, 97]) {
        const mine = y.filter((_, at) => columnOf((at / (count - 1)) * 100) === column)
        const kept = traced.filter(([place]) => columnOf(place) === column).map(([, height]) => 5 - height / 10)
        if (mine.length === 0) continue
        expect(Math.max(...kept)).toBeCloseTo(Math.max(...mine), 4)
        expect(Math.min(...kept)).toBeCloseTo(Math.min(...mine), 4)
      }
    }
  })

  it('of no points is empty', () => expect(trace(columns([], []), view(domain(0, 1), domain(0, 1)))).toHaveLength(0))
})

describe('a scene', () => {
  const emphasis = { highlighted: null, pinned: new Set<string>() }

  it('draws the pinned and the highlighted last, and lets the others step back', () => {
    const series = [line('a', [1], [1]), line('b', [1], [1]), line('c', [1], [1])]
    const drawings = drawingsOf(series, PLAIN_LOOK, { highlighted: 'a', pinned: new Set(['b']) })
    expect(drawings.map(({ id }) => id)).toEqual(['c', 'b', 'a'])
    expect(drawings.map(({ opacity }) => opacity < 1)).toEqual([true, false, false])
  })

  it('keeps the raw line behind a smoothed one, smoothed once', () => {
    const one = line('a', [1, 2, 3], [0, 10, 0])
    const look = { ...PLAIN_LOOK, smoothing: 0.5 }
    const [drawing] = drawingsOf([one], look, emphasis)
    expect(drawing?.raw).toBe(one.points)
    expect(drawing?.line).toBe(smoothColumns(one.points as Columns, 'ema', 0.5))
  })

  it('spans the values of the part that is looked at, bands included', () => {
    const band = { low: Float64Array.of(-4, 0, 1, 1), high: Float64Array.of(2, 3, 4, 5), n: Float64Array.of(2, 2, 2, 2) }
    const drawings = drawingsOf([line('a', [0, 1, 2, 3], [1, 1.5, 2, 3], { band })], PLAIN_LOOK, emphasis)
    expect(rangesOf(drawings, PLAIN_LOOK, false, null, {}).y).toMatchObject({ from: -5, to: 5 })
    const part = rangesOf(drawings, PLAIN_LOOK, false, [1, 2], {})
    expect(part.y).toMatchObject({ from: 0, to: 4 })
    expect([part.x.from, part.x.to, part.whole.to]).toEqual([1, 2, 3])
  })

  it('keeps the ends that it is given', () => {
    const drawings = drawingsOf([line('a', [5, 6], [1, 2])], PLAIN_LOOK, emphasis)
    const ranges = rangesOf(drawings, PLAIN_LOOK, true, null, { xMin: 0, xMax: 10, yMin: 0, yMax: 100 })
    expect([ranges.whole, ranges.y.interval]).toEqual([domain(0, 10), 25])
  })

  it('of nothing still has axes', () => {
    const ranges = rangesOf([], PLAIN_LOOK, false, null, {})
    expect(ranges.x.from).toBeLessThan(ranges.x.to)
    expect(ranges.y.from).toBeLessThan(ranges.y.to)
  })

  it('marks the ends of each run of one kind of no number', () => {
    expect(oddMarks(columns([0, 1, 2, 3, 4, 5, 6], [NaN, 5, NaN, NaN, NaN, 7, Infinity])).map(({ x, y, kind }) => [x, y, kind])).toEqual([
      [0, 5, 'nan'], [2, 5, 'nan'], [4, 5, 'nan'], [6, null, 'up'],
    ])
    expect(oddMarks(columns([1, 2], [Infinity, -Infinity])).map(({ kind }) => kind)).toEqual(['up', 'down'])
  })

  it('of an older view is moved to where it belongs', () => {
    const old = view(domain(0, 100), domain(0, 10))
    expect(placed(old, view(domain(0, 50), domain(0, 10)))).toEqual({ left: 0, top: 0, width: 200, height: 100 })
    expect(placed(old, view(domain(1, 50, true), domain(0, 10)))).toBeNull()
    expect([sameView(old, view(domain(0, 100), domain(0, 10))), sameView(old, view(domain(0, 99), domain(0, 10)))]).toEqual([true, false])
  })
})

describe('what is read at a place', () => {
  const series = [line('a', [1, 2, 3], [1, 5, 2]), line('b', [1, 2, 3], [4, NaN, 8]), line('c', [1], [9])]
  const drawn = new Map(series.map((one) => [one.id, one.points as Columns]))

  it('is sorted, the pinned first, with differences to it', () => {
    expect(readingsAt(series, drawn, 3, 0.1, 'a').map(({ id, y, difference }) => [id, y, difference])).toEqual([['a', 2, null], ['b', 8, 6]])
    expect(readingsAt(series, drawn, 1, 0.1, null).map(({ id }) => id)).toEqual(['c', 'b', 'a'])
  })

  it('says what is no number, last, without a difference', () => {
    expect(readingsAt(series, drawn, 2, 0.1, 'a').map(({ id, y, difference }) => [id, y, difference])).toEqual([['a', 5, null], ['b', NaN, null]])
  })

  it('has the members of a band, and the value before smoothing', () => {
    const band = { low: Float64Array.of(0), high: Float64Array.of(2), n: Float64Array.of(5) }
    const [row] = readingsAt([line('g', [1], [1], { band })], new Map([['g', columns([1], [1.5])]]), 1, 1, null)
    expect(row).toMatchObject({ y: 1.5, raw: 1, low: 0, high: 2, n: 5 })
  })

  it('snaps to points and goes from one to the next', () => {
    expect(snapped(drawn.values(), 2.4)).toBe(2)
    expect(snapped([], 2.4)).toBeNull()
    expect([stepped(drawn.values(), 2, 1), stepped(drawn.values(), 2, -1), stepped(drawn.values(), 3, 1)]).toEqual([3, 1, 3])
  })

  it('is summed up for those who do not see it', () => {
    expect(summaryOf(series[1] as LineSeries)).toEqual({ name: 'b', n: 3, first: 4, last: 8, low: 4, high: 8 })
    expect(summaryOf(line('n', [1], [NaN])).last).toBeNull()
  })
})

describe('a table', () => {
  it('has a row for each place, empty where a line has no point', () => {
    expect(tableOf([columns([1, 2], [1, NaN]), columns([2], [5])], 10)).toEqual([{ x: 1, ys: [1, null] }, { x: 2, ys: [NaN, 5] }])
  })

  it('of many rows has the ends and some between', () => {
    const x = Array.from({ length: 1000 }, (_, at) => at)
    const rows = tableOf([columns(x, x)], 5)
    expect(rows.map((row) => row.x)).toEqual([0, 250, 500, 749, 999])
  })
})

describe('the legend', () => {
  it('pins, hides, and shows one alone', () => {
    expect(pin(pin(ALL_SHOWN, 'a'), 'b').pinned).toEqual(['a', 'b'])
    expect(pin(pin(ALL_SHOWN, 'a'), 'a')).toEqual(ALL_SHOWN)
    const alone = solo(ALL_SHOWN, 'a')
    expect([isShown(alone, 'a'), isShown(alone, 'b')]).toEqual([true, false])
    expect(solo(alone, 'a')).toEqual(ALL_SHOWN)
    expect(isShown(hide(alone, 'b'), 'c')).toBe(true)
    expect(isShown(hide(alone, 'b'), 'b')).toBe(false)
  })

  it('finds by every word, in name or id', () => {
    const rows = [{ id: 'j1', name: 'resnet · cifar' }, { id: 'j2', name: 'vit · cifar' }]
    expect(matching(rows, ' CIFAR j2').map(({ id }) => id)).toEqual(['j2'])
    expect(matching(rows, '')).toHaveLength(2)
  })
})

describe('the frame', () => {
  it('has room for its labels', () => {
    const labels = labelsOf(niceAxis(0, 1), (value) => `${value.toFixed(2)} GiB`)
    expect(labels).toEqual(['0.00 GiB', '0.25 GiB', '0.50 GiB', '0.75 GiB', '1.00 GiB'])
    const rect = plotRect(400, 200, labels, true)
    expect(rect.left).toBeGreaterThan(50)
    expect(rect.left + rect.width).toBeLessThan(400)
    expect(plotRect(10, 10, labels, false).width).toBeGreaterThan(0)
  })

  it('says both ends, and between them what has room', () => {
    const across = (x: Domain, width: number, letter: number) =>
      labelsAcross({ ...FRAME, x, rect: { left: 50, top: 10, width, height: 100 } }, (text) => text.length * letter)
    expect(across(domain(0, 63), 400, 6).map(({ text, align }) => `${text} ${align}`)).toEqual(['0 left', '63 right', '20 center', '40 center'])
    expect(across(domain(0, 63), 400, 60).map(({ text }) => text)).toEqual(['0', '63'])
    expect(across(domain(0.5, 63), 400, 6).map(({ text }) => text)).not.toContain('0.5')
    const placed = across(domain(0, 1_000), 400, 30).map(({ at }) => at)
    expect(Math.min(...placed)).toBe(50)
    expect(Math.max(...placed)).toBe(450)
  })

  it('is drawn with a line and a label for each tick of the value axis, on whole pixels', () => {
    const told: string[] = []
    const context = {
      measureText: (text: string) => ({ width: 6 * text.length }),
      fillRect: (...rect: number[]) => told.push(`line ${rect.join(' ')}`),
      fillText: (text: string, x: number) => x === 42 && told.push(text),
    } as unknown as CanvasRenderingContext2D
    paintFrame(context, FRAME)
    expect(told).toEqual(['line 50 111 400 1', 'line 50 86 400 1', 'line 50 61 400 1', 'line 50 36 400 1', 'line 50 11 400 1', 'line 50 111 400 1', '0', '0.25', '0.5', '0.75', '1'])
  })
})

const FRAME: FrameSettings = { theme: 'light', xKind: 'value', x: domain(0, 63), y: niceAxis(0, 1), rect: { left: 50, top: 10.6, width: 400, height: 100 }, whole: true, formatTick: String, formatY: String }

describe('ticks', () => {
  it.each([
    [domain(0, 10), 5, false, [0, 2, 4, 6, 8, 10]],
    [domain(0.1, 0.35), 5, false, [0.1, 0.15, 0.2, 0.25, 0.3, 0.35]],
    [domain(0, 3), 10, true, [0, 1, 2, 3]],
    [domain(0, 11), 5, true, [0, 3, 6, 9]],
    [domain(7, 7), 5, false, [7]],
    [domain(1, 1_000, true), 5, false, [1, 10, 100, 1_000]],
    [domain(1, 1e12, true), 4, false, [1, 1e3, 1e6, 1e9, 1e12]],
    [domain(1.5, 8, true), 4, false, [2, 5]],
    [domain(2.1, 2.9, true), 4, false, [2.2, 2.4, 2.6, 2.8]],
  ])('of %o, about %i, are round', (span, most, whole, ticks) => {
    expect(valueTicks(span, most, whole)).toEqual(ticks)
  })

  it('are those of the axis where it has some, and none beyond what is seen', () => {
    expect(axisTicks(niceAxis(0.02, 0.98), 4)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(axisTicks({ from: 0.03, to: 0.97, log: false }, 4)).toEqual([0.25, 0.5, 0.75])
  })

  it('of time are round where the reader is', () => {
    const at = (hour: number, minute: number): number => new Date(2030, 0, 5, hour, minute).getTime()
    expect(timeTicks(domain(at(8, 7), at(9, 2)), 5)).toEqual([at(8, 15), at(8, 30), at(8, 45), at(9, 0)])
    expect(timeTicks(domain(at(0, 0), at(0, 0) + 4 * 86_400_000), 4).map((time) => new Date(time).getHours())).toEqual([0, 0, 0, 0, 0])
  })

  it('are not looked for where numbers cannot be told apart', () => {
    const random = sequence(11)
    for (let turn = 0; turn < 500; turn += 1) {
      const from = (random() - 0.5) * 10 ** Math.floor(random() * 30 - 10)
      const to = from + Math.abs(from) * 10 ** -Math.floor(random() * 20)
      for (const ticks of [valueTicks(domain(from, to), 8), valueTicks(domain(Math.abs(from), Math.abs(to), true), 8), timeTicks(domain(Math.round(from), Math.round(to)), 8)]) {
        expect(ticks.length).toBeLessThan(40)
        expect(ticks.every(Number.isFinite)).toBe(true)
      }
    }
  })
})
