import { describe, expect, it } from 'vitest'
import type { CurveBand } from './api'
import { bandLine } from './bands'

const band: CurveBand = {
  name: 'loss', kind: 'epoch', direction: 'min', n_members: 4, n_points: 8,
  steps: [1, 2, 3], elapsed: [10, 20, 15], n: [4, 1, 0], mean: [2, 3, null], std: [1, null, null], min: [1, 3, null], max: [4, 3, null],
  q1: [1.5, 3, null], median: [1.9, 3, null], q3: [2.5, 3, null], left_out: [0, 0, 2],
}
const read = (kind: Parameters<typeof bandLine>[1]) => {
  const { points, band: around } = bandLine(band, kind, 'step')
  return [[...(points as { y: Float64Array }).y], [...(around?.low ?? [])], [...(around?.high ?? [])]]
}

describe('a band', () => {
  it('is the mean and its deviation; of one member it is as thin as the line, of none a gap', () => {
    expect(read('std')).toEqual([[2, 3, NaN], [1, 3, NaN], [3, 3, NaN]])
  })

  it('is the mean and its standard error, the extremes, or the quartiles around the median', () => {
    expect(read('sem')).toEqual([[2, 3, NaN], [1.5, 3, NaN], [2.5, 3, NaN]])
    expect(read('minmax')).toEqual([[2, 3, NaN], [1, 3, NaN], [4, 3, NaN]])
    expect(read('quartiles')).toEqual([[1.9, 3, NaN], [1.5, 3, NaN], [2.5, 3, NaN]])
  })

  it('over time rises', () => {
    const { points, band: around } = bandLine(band, 'std', 'relative')
    expect([...(points as { x: Float64Array }).x]).toEqual([10, 15, 20])
    expect([...(around?.n ?? [])]).toEqual([4, 0, 1])
  })
})
