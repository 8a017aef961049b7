import { describe, expect, it } from 'vitest'
import { barOption, categoriesOf, columnOf, contourOption, diverging, historyOption, isBrushed, looksLogarithmic, mayBeLogarithmic, parallelOption, paretoFront, pearson, placedRows, ramp, ranks, scatterOption, shareOf, spearman, surfaceOf, tableCsv, tableOf, varies } from '.'
import { told } from './axes'
import { bandOf } from './contourOption'
import { toSvg } from './svg'
import './echarts'

describe('columns', () => {
  it('are numbers only where every value that is there is one', () => {
    expect(columnOf('a', [1, null, 2.5]).kind).toBe('number')
    expect(columnOf('a', [1, '2']).values).toEqual(['1', '2'])
    expect(columnOf('a', [true, undefined]).values).toEqual(['true', null])
    expect(columnOf('a', [NaN, null]).kind).toBe('category')
    expect(columnOf('a', [[1, 2], { x: 1 }]).values).toEqual(['[1,2]', '{"x":1}'])
  })

  it('order words as people count', () => {
    expect(categoriesOf(columnOf('a', ['b10', 'b9', null, 'a']))).toEqual(['a', 'b9', 'b10'])
  })

  it.each([
    [[1e-5, 1e-4, 1e-3, 1e-2], true],
    [[0, 1e-3, 1], false],
    [[1, 2, 3], false],
    [[0.001, 0.2, 0.4, 0.6, 0.8, 1], false],
    [['a', 'b'], false],
  ])('of %j count by the logarithm: %s', (values, expected) => expect(looksLogarithmic(columnOf('a', values))).toBe(expected))

  it('may have a logarithmic axis where all is above zero, and vary by what is missing', () => {
    expect([mayBeLogarithmic(columnOf('a', [1, 2])), mayBeLogarithmic(columnOf('a', [0, 1])), mayBeLogarithmic(columnOf('a', ['x']))]).toEqual([true, false, false])
    expect([varies(columnOf('a', [1, 1])), varies(columnOf('a', [1, null]))]).toEqual([false, true])
  })

  it('are brushed by every axis at once', () => {
    const columns = [columnOf('x', [1, 2, 3, null]), columnOf('w', ['a', 'b', 'c', 'a'])]
    const rows = (brushes: Record<string, [number, number][]>) => [0, 1, 2, 3].filter((row) => isBrushed(columns, brushes, row))
    expect(rows({})).toEqual([0, 1, 2, 3])
    expect(rows({ x: [[1.5, 3]] })).toEqual([1, 2])
    expect(rows({ x: [[3, 0.5]], w: [[-0.4, 0.4]] })).toEqual([0])
    expect(rows({ x: [[0, 1], [2.5, 4]] })).toEqual([0, 2])
  })
})

describe('statistics', () => {
  it('correlate', () => {
    expect(pearson([[1, 2], [2, 4], [3, 6]])).toBeCloseTo(1)
    expect(pearson([[1, 3], [2, 2], [3, 1]])).toBeCloseTo(-1)
    expect(pearson([[1, 1], [2, 1], [3, 1]])).toBeNull()
    expect(pearson([[1, 1], [2, 2]])).toBeNull()
    // By hand: r of (1,2),(2,1),(3,4),(4,3) is 0.6.
    expect(pearson([[1, 2], [2, 1], [3, 4], [4, 3]])).toBeCloseTo(0.6)
  })

  it('rank with ties, so that any rising curve is 1', () => {
    expect(ranks([10, 20, 10, 30])).toEqual([1.5, 3, 1.5, 4])
    expect(spearman([[1, 1], [2, 10], [3, 1000], [4, 1e6]])).toBeCloseTo(1)
    expect(pearson([[1, 1], [2, 10], [3, 1000], [4, 1e6]])).toBeLessThan(0.9)
  })

  it.each([
    [['min', 'max'], [0, 1, 3]],
    [['min', 'min'], [0, 4]],
    [['max', 'max'], [3]],
    [['max', 'min'], [4, 2]],
  ] as const)('find the front for %j', (aims, expected) => {
    const pairs = [[1, 5], [2, 7], [3, 1.5], [3, 9], [2, 1]] as const
    const front = paretoFront(pairs, aims)
    expect([...front].sort()).toEqual([...expected].sort())
    // Nothing beats what is on the front; something beats what is not.
    const beats = (a: number, b: number): boolean => {
      const better = [0, 1].map((side) => (aims[side] === 'min' ? 1 : -1) * ((pairs[b]?.[side] ?? 0) - (pairs[a]?.[side] ?? 0)))
      return better.every((by) => by >= 0) && better.some((by) => by > 0)
    }
    pairs.forEach((_, at) => expect(pairs.some((__, other) => beats(other, at)), String(at)).toBe(!front.includes(at)))
  })
})

describe('colours', () => {
  it('stay in their range and meet the surface in the middle', () => {
    expect(ramp('light', -1)).toBe(ramp('light', 0))
    expect(ramp('dark', 0.5)).toMatch(/^#[0-9a-f]{6}$/)
    expect(diverging('light', 0)).toBe('#ffffff')
    expect(diverging('light', 1)).not.toBe(diverging('light', -1))
    expect(shareOf([1, null, 3])(2)).toBe(0.5)
    expect(shareOf([2, 2])(2)).toBe(0.5)
    expect(shareOf([1, 100], true)(10)).toBeCloseTo(0.5)
  })
})

describe('a surface', () => {
  const plane = Array.from({ length: 100 }, (_, at) => ({ x: at % 10, y: Math.floor(at / 10), value: at % 10 }))

  it('follows what is known', () => {
    const surface = surfaceOf(plane, { x: { log: false }, y: { log: false } }, 20)
    const middle = surface?.values[10] ?? []
    expect(middle.every((value) => value !== null)).toBe(true)
    expect(middle[2] ?? NaN).toBeLessThan(middle[17] ?? NaN)
    expect((surface?.values.flat() ?? []).every((value) => value === null || (value >= 0 && value <= 9))).toBe(true)
    expect([surface?.xs.length, surface?.xs[0], surface?.ys.at(-1)].map((edge) => Math.round((edge ?? 0) * 100) / 100)).toEqual([21, -0.18, 9.18])
  })

  it('has holes where nothing was tried, and is none of a line or of two points', () => {
    const corners = [{ x: 0, y: 0, value: 1 }, { x: 1, y: 1, value: 2 }, { x: 0, y: 0.1, value: 1 }]
    const values = surfaceOf(corners, { x: { log: false }, y: { log: false } }, 10)?.values.flat() ?? []
    expect([values.includes(null), values.some((value) => value !== null)]).toEqual([true, true])
    expect(surfaceOf(corners.slice(0, 2), { x: { log: false }, y: { log: false } })).toBeNull()
    expect(surfaceOf(plane.map((point) => ({ ...point, y: 3 })), { x: { log: false }, y: { log: false } })).toBeNull()
  })

  it('is even in the logarithm on such an axis', () => {
    const surface = surfaceOf([1, 10, 100].flatMap((x) => [0, 1].map((y) => ({ x, y, value: x }))), { x: { log: true }, y: { log: false } }, 2)
    expect(surface?.xs[1]).toBeCloseTo(10)
  })

  it('has a band for each twelfth', () => expect([bandOf(0), bandOf(0.99), bandOf(1), new Set(Array.from({ length: 100 }, (_, at) => bandOf(at / 100))).size]).toEqual([0, 1, 1, 12]))
})

const x = columnOf('lr', [0.001, 0.01, 0.1, null])
const y = columnOf('acc', [0.5, 0.9, 0.7, 0.8])
const opt = columnOf('opt', ['adam', 'sgd', 'adam', 'adam'])
const names = ['one', 'two', 'three', 'four']
const format = String
const scatter = { x, y, size: y, colour: opt, names, theme: 'light', logX: true, logY: false, front: ['min', 'max'], format } as const

describe('options', () => {
  it('place in a scatter what has both values, with its front', () => {
    expect(placedRows({ x, y, logX: false, logY: false }).map(({ row }) => row)).toEqual([0, 1, 2])
    expect(placedRows({ x: opt, y, logX: false, logY: false })[1]?.pair).toEqual([1, 0.9])
    const option = scatterOption(scatter)
    expect(option.series.map(({ id, data }) => [id, data.length])).toEqual([['points', 3], ['front', 2]])
    expect([option.xAxis.type, option.yAxis.type]).toEqual(['log', 'value'])
  })

  it('keep the lines that are out of a brush as a trace', () => {
    const option = parallelOption({ columns: [x, opt, y], names, theme: 'dark', logs: new Set(['lr']), colourBy: 'acc', brushes: { acc: [[0.6, 1]] }, highlighted: null, format })
    expect(option.parallelAxis.map(({ type }) => type)).toEqual(['log', 'category', 'value'])
    expect(option.series[0]?.data.map(({ lineStyle }) => lineStyle.opacity > 0.5)).toEqual([false, true, true, true])
    expect(option.series[0]?.data[3]?.value).toEqual(['-', 'adam', 0.8])
  })

  it('show what is not theirs to run', () => {
    const option = scatterOption({ ...scatter, names: ['<img src=x onerror=alert(1)>', 'b', 'c', 'd'] })
    expect(option.tooltip.formatter({ dataIndex: 0, seriesId: 'points' })).not.toContain('<img')
    expect(told('<b>', [['&', '"']])).toContain('&#60;b&#62;')
  })

  it('are drawn by ECharts', () => {
    const surface = surfaceOf([...Array(20)].map((_, at) => ({ x: at % 5, y: Math.floor(at / 5), value: at })), { x: { log: false }, y: { log: false } }, 6)
    const points = [{ name: 'a', x: 0, y: 0, value: 0 }, { name: 'b', x: 4, y: 3, value: 19 }]
    const drawn = [
      scatterOption(scatter),
      parallelOption({ columns: [x, opt, y], names, theme: 'light', logs: new Set(['lr']), colourBy: null, brushes: {}, highlighted: 1, format }),
      contourOption({ surface, points, names: { x: 'a', y: 'b', value: 'v' }, logs: { x: false, y: false }, lowIsBetter: true, theme: 'light', format }),
      barOption({ bars: [{ name: 'lr', value: 0.7, spread: 0.1 }, { name: 'opt', value: 0.3 }], theme: 'light', format }),
      historyOption({ points: [{ name: 'a', x: 0, value: 1, cut: false }, { name: 'b', x: 1, value: 2, cut: true }], best: [[0, 1], [1, 1]], names: { x: 'n', value: 'v' }, log: false, theme: 'dark', format }),
    ]
    for (const option of drawn) expect(toSvg(option, 400, 300, '#ffffff')).toMatch(/<path/)
  })

  it('become tables', () => {
    const table = tableOf('job', ['=a', 'b,"c'], [columnOf('v', [1.5, null])])
    expect(tableCsv(table)).toBe('job,v\r\n\'=a,1.5\r\n"b,""c",\r\n')
  })
})
