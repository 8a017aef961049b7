import { describe, expect, it } from 'vitest'
import { coloursOf, stylesOf } from './colours'
import { fileName, toCsv } from './csv'
import { lineOption, type LineChartSettings } from './lineOption'
import { asXAxis, metricOf, overMetric, PLAIN_LOOK } from './look'
import { quantile, usualSpan } from './outliers'
import { ema, gaussian, runningMean, smooth, SMOOTHERS, widthOf, type Point } from './smoothing'

const settings = (more: Partial<LineChartSettings> = {}): LineChartSettings => ({
  series: [{ id: 'loss', name: '<b>loss</b>', points: [[1, 4], [2, 2], [3, null], [4, 0]], colour: 'red' }],
  theme: 'light',
  xKind: 'value',
  look: PLAIN_LOOK,
  formatX: String,
  formatY: String,
  ...more,
})

const of = (...values: number[]): Float64Array => Float64Array.from(values)
const rounded = (values: Float64Array): number[] => [...values].map((value) => Number(value.toFixed(6)))

describe('smoothing', () => {
  it('averages exponentially without leaning towards zero at the start', () => {
    // 0.5 * 1 / 0.5; (0.25 * 1 + 0.5 * 3) / 0.75; (0.125 * 1 + 0.25 * 3 + 0.5 * 5) / 0.875
    expect(rounded(ema(of(1, 3, 5), 0.5))).toEqual([1, 2.333333, 3.857143])
  })

  it('leaves a gap out of the exponential average', () => {
    expect(rounded(ema(of(1, NaN, 3), 0.5))).toEqual([1, NaN, 2.333333])
  })

  it('means over the points around, fewer at the ends and beside gaps', () => {
    expect(rounded(runningMean(of(1, 2, 6, 7, 9), 3))).toEqual([1.5, 3, 5, 7.333333, 8])
    expect(rounded(runningMean(of(1, NaN, 6, 8), 3))).toEqual([1, NaN, 7, 7])
  })

  it('weighs by a bell', () => {
    // Weights 1 and exp(-1/2) = 0.606531 for a distance of one sigma, exp(-2) = 0.135335 for two.
    expect(gaussian(of(0, 1, 0), 1)[0]).toBeCloseTo(0.606531 / (1 + 0.606531 + 0.135335), 5)
    expect(gaussian(of(0, 1, 0), 1)[1]).toBeCloseTo(1 / (1 + 2 * 0.606531), 5)
  })

  it.each(SMOOTHERS)('%s leaves a constant as it is, keeps gaps, and stays within the range', (smoother) => {
    for (const [, y] of smooth([[0, 5], [1, 5], [2, 5]], smoother, 0.9)) expect(y).toBeCloseTo(5)
    expect(smooth([[0, 1], [1, null], [2, 3]], smoother, 0.5).map(([, y]) => y === null)).toEqual([false, true, false])
    const ys = smooth(Array.from({ length: 50 }, (_, x) => [x, x % 2] as Point), smoother, 0.8).map(([, y]) => y as number)
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...ys.slice(10))).toBeLessThan(0.7)
  })

  it('quiets noise alike whichever way is chosen', () => {
    let state = 7
    const noise = Float64Array.from({ length: 20_000 }, () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) - 0.5)
    const points = [...noise].map((y, x) => [x, y] as Point)
    for (const smoother of SMOOTHERS) {
      const variance = smooth(points, smoother, 0.8).reduce((sum, [, y]) => sum + (y as number) ** 2, 0) / points.length
      // A uniform variable of width one has a variance of a twelfth.
      expect(variance * 12 * widthOf(0.8)).toBeCloseTo(1, 0)
    }
    expect(widthOf(0.8)).toBeCloseTo(9)
  })
})

describe('the usual span', () => {
  it('lies between the percentiles', () => {
    expect(quantile(of(0, 10, 20, 30), 0.5)).toBe(15)
    const values = Float64Array.from({ length: 101 }, (_, at) => (at === 100 ? 1e9 : at))
    // From 1 to 99, with a twentieth of 98 on both sides.
    expect(usualSpan(values)?.map((end) => Number(end.toFixed(6)))).toEqual([-3.9, 103.9])
  })

  it('is none for a few values, and positive on a log axis', () => {
    expect(usualSpan(of(1, 2, 3))).toBeNull()
    expect(usualSpan(new Float64Array(50).fill(2))).toBeNull()
    expect(usualSpan(Float64Array.from({ length: 50 }, (_, at) => at - 10), true)?.[0]).toBeGreaterThan(0)
  })
})

describe('a chart as a table', () => {
  it('has a row for each x, NaN for what was no number, and nothing where there is no point', () => {
    const { series } = settings()
    const other = { id: 'b', name: 'a,"b"', points: [[2, 1.5], [9, 7]] as Point[], colour: 'blue' }
    expect(toCsv([...series, other], 'epoch')).toBe('epoch,<b>loss</b>,"a,""b"""\r\n1,4,\r\n2,2,1.5\r\n3,NaN,\r\n4,0,\r\n9,,7\r\n')
  })

  it('names infinities, and has the ends and the members of a band beside it', () => {
    const band = { low: Float64Array.of(1, NaN), high: Float64Array.of(3, NaN), n: Float64Array.of(2, 0) }
    const points = { x: Float64Array.of(1, 2), y: Float64Array.of(2, Infinity) }
    expect(toCsv([{ id: 'a', name: 'a', points, colour: '', band }], 'step')).toBe('step,a,a low,a high,a n\r\n1,2,1,3,2\r\n2,inf,NaN,NaN,0\r\n')
  })

  it('runs no formula in a spreadsheet', () => {
    expect(toCsv([{ id: 'a', name: '=1+1', points: [], colour: '' }], 'step')).toBe("step,'=1+1\r\n")
  })

  it.each([
    ['val/loss', 'val-loss.csv'],
    ['准确率', '准确率.csv'],
    ['../..', 'chart.csv'],
  ])('of %s is saved as %s', (title, name) => expect(fileName(title, 'csv')).toBe(name))
})

describe('colours of lines', () => {
  it('are the same every time, and differ while there are enough', () => {
    const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`)
    const colours = coloursOf(ids, 'light')
    expect(new Set(colours.values()).size).toBe(10)
    expect(coloursOf([...ids].reverse(), 'light')).toEqual(colours)
  })
})

describe('the style of a job', () => {
  const ids = Array.from({ length: 40 }, (_, index) => `job-${index}`)

  it('has the same colour whatever stands beside it', () => {
    const all = stylesOf(ids, 'light')
    for (const id of ids) expect(stylesOf([id], 'light').get(id)?.colour).toBe(all.get(id)?.colour)
  })

  it('tells those of one colour apart by their dashes', () => {
    const seen = new Set([...stylesOf(ids.slice(0, 12), 'light').values()].map(({ colour, dashed }) => `${colour} ${String(dashed)}`))
    expect(seen.size).toBe(12)
  })
})

describe('an axis', () => {
  it.each(['step', 'relative', 'wall', 'metric:samples/seen'])('%s is read as it was written', (text) => expect(asXAxis(text)).toBe(text))
  it.each(['', 'metric:', 'nonsense'])('"%s" is none: steps', (text) => expect(asXAxis(text)).toBe('step'))
  it('of a metric names it', () => expect([metricOf(overMetric('a:b')), metricOf('wall')]).toEqual(['a:b', null]))
})

describe('the option of a line chart', () => {
  it('draws the raw line faintly behind the smoothed one', () => {
    const { series } = lineOption(settings({ look: { ...PLAIN_LOOK, smoothing: 0.5 } }))
    expect(series.slice(0, 2).map((line) => line.id)).toEqual(['loss\nraw', 'loss'])
    expect(series[0]?.lineStyle.opacity).toBeLessThan(0.5)
  })

  it('leaves gaps where a log axis has no place', () => {
    const [line] = lineOption(settings({ look: { ...PLAIN_LOOK, log: true } })).series
    expect(line?.data).toEqual([[1, 4], [2, 2], [3, null], [4, null]])
  })

  it('shows a lone point', () => {
    const one = settings({ series: [{ id: 'a', name: 'a', points: [[1, 1]], colour: 'red' }] })
    expect(lineOption(one).series[0]?.showSymbol).toBe(true)
  })

  it('marks where a run began anew', () => {
    const { series } = lineOption(settings({ marks: [{ x: 3, text: 'New run' }] }))
    expect(series.flatMap((line) => ('markLine' in line ? [line.markLine?.data] : []))).toEqual([[{ xAxis: 3, name: '↻' }]])
  })

  it('marks what was no number, infinities at their edge', () => {
    const columns = { x: Float64Array.of(1, 2, 3, 4), y: Float64Array.of(4, NaN, Infinity, -Infinity) }
    const { series, yAxis } = lineOption(settings({ series: [{ id: 'a', name: 'a', points: columns, colour: 'red' }] }))
    expect(series[1]).toMatchObject({ id: 'a\nodd', data: [{ value: [2, 4], symbolRotate: 0 }, { value: [3, yAxis.max], symbolRotate: 0 }, { value: [4, yAxis.min], symbolRotate: 180 }] })
    const sparse = settings({ series: [{ id: 'a', name: 'a', points: columns, colour: 'red', sparse: true }] })
    expect(lineOption(sparse).series).toHaveLength(1)
    // A number below zero is not marked where only the axis has no place for it.
    const below = settings({ series: [{ id: 'a', name: 'a', points: [[1, -1], [2, 1]], colour: 'red' }], look: { ...PLAIN_LOOK, log: true } })
    expect(lineOption(below).series).toHaveLength(1)
  })

  it('draws a band as what is between its ends', () => {
    const band = { low: Float64Array.of(1, 1), high: Float64Array.of(3, 5), n: Float64Array.of(2, 2) }
    const { series } = lineOption(settings({ series: [{ id: 'a', name: 'a', points: [[1, 2], [2, 3]], colour: 'red', band }] }))
    expect(series.map(({ id, data }) => [id, data])).toEqual([['a\nlow', [[1, 1], [2, 1]]], ['a\nhigh', [[1, 2], [2, 4]]], ['a', [[1, 2], [2, 3]]]])
  })

  it('has no place for zero on a log x axis, and a time axis stays as it is', () => {
    const points: Point[] = [[0, 1], [10, 2]]
    const look = { ...PLAIN_LOOK, logX: true }
    const one = settings({ series: [{ id: 'a', name: 'a', points, colour: 'red' }], look })
    expect(lineOption(one).xAxis.type).toBe('log')
    expect(lineOption(one).series[0]?.data).toEqual([[10, 2]])
    expect(lineOption({ ...one, xKind: 'time' }).xAxis.type).toBe('time')
  })

  it('cuts outliers out of the picture, not out of the data', () => {
    const points = Array.from({ length: 101 }, (_, x) => [x, x === 0 ? 1e6 : 1 + x / 100] as Point)
    const one = settings({ series: [{ id: 'a', name: 'a', points, colour: 'red' }], look: { ...PLAIN_LOOK, clip: true } })
    expect(lineOption(one).yAxis.max).toBeLessThan(3)
    expect(lineOption(one).series[0]?.data).toHaveLength(101)
    expect(lineOption({ ...one, look: PLAIN_LOOK }).yAxis.max).toBeGreaterThanOrEqual(1e6)
  })
})
