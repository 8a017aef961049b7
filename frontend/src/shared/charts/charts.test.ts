import { describe, expect, it } from 'vitest'
import { coloursOf } from './colours'
import { lineOption, type LineChartSettings } from './lineOption'
import { smooth, type Point } from './smoothing'

const settings = (more: Partial<LineChartSettings> = {}): LineChartSettings => ({
  series: [{ id: 'loss', name: '<b>loss</b>', points: [[1, 4], [2, 2], [3, null], [4, 0]], colour: 'red' }],
  theme: 'light',
  xKind: 'value',
  log: false,
  smoothing: 0,
  formatX: String,
  formatY: String,
  ...more,
})

describe('smoothing', () => {
  it('leaves a constant as it is, from the first point on', () => {
    const flat: Point[] = [[0, 5], [1, 5], [2, 5]]
    for (const [, y] of smooth(flat, 0.9)) expect(y).toBeCloseTo(5)
  })

  it('keeps gaps and the number of points', () => {
    expect(smooth([[0, 1], [1, null], [2, 3]], 0.5).map(([, y]) => y === null)).toEqual([false, true, false])
  })

  it('stays within the range of what it smooths', () => {
    const ys = smooth(Array.from({ length: 50 }, (_, x) => [x, x % 2] as Point), 0.8).map(([, y]) => y as number)
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...ys)).toBeLessThanOrEqual(1)
  })
})

describe('colours of lines', () => {
  it('are the same every time, and differ while there are enough', () => {
    const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`)
    const colours = coloursOf(ids, 'light')
    expect(new Set(colours.values()).size).toBe(10)
    expect(coloursOf([...ids].reverse(), 'light')).toEqual(colours)
  })
})

describe('the option of a line chart', () => {
  it('draws the raw line faintly behind the smoothed one', () => {
    const { series } = lineOption(settings({ smoothing: 0.5 }))
    expect(series.map((line) => line.id)).toEqual(['loss raw', 'loss'])
    expect(series[0]?.lineStyle.opacity).toBeLessThan(0.5)
  })

  it('leaves gaps where a log axis has no place', () => {
    const [line] = lineOption(settings({ log: true })).series
    expect(line?.data).toEqual([[1, 4], [2, 2], [3, null], [4, null]])
  })

  it('shows a lone point', () => {
    const one = settings({ series: [{ id: 'a', name: 'a', points: [[1, 1]], colour: 'red' }] })
    expect(lineOption(one).series[0]?.showSymbol).toBe(true)
  })

  it('escapes names in its tooltip', () => {
    const text = lineOption(settings()).tooltip.formatter([{ seriesId: 'loss', seriesName: '<img src=x>', color: 'red', value: [1, 4] }])
    expect(text).not.toContain('<img')
    expect(text).toContain('4')
  })

  it('marks where a run began anew, and tells of it in the tooltip nearby', () => {
    const marks = [{ x: 3, text: 'New <run>' }]
    const { series, tooltip } = lineOption(settings({ marks }))
    expect(series.map((line) => line.markLine?.data)).toEqual([[{ xAxis: 3 }]])
    const near = tooltip.formatter([{ seriesId: 'loss', seriesName: 'loss', color: 'red', value: [3, 4] }])
    const far = tooltip.formatter([{ seriesId: 'loss', seriesName: 'loss', color: 'red', value: [1, 4] }])
    expect(near).toContain('New &#60;run&#62;')
    expect(far).not.toContain('New')
    expect(lineOption(settings()).series[0]?.markLine?.data).toEqual([])
  })
})
