import { describe, expect, it } from 'vitest'
import { JobSeries } from './series'

describe('the curves of a job', () => {
  it('appends, replaces and sorts late points in', () => {
    const series = new JobSeries()
    for (const point of [
      { epoch: 1, loss: 3 },
      { epoch: 3, loss: 1, acc: 0.5 },
      { epoch: 2, loss: 2 },
      { epoch: 3, loss: 0.9 },
    ]) {
      series.put(point)
    }
    expect(series.points('loss')).toEqual([
      [1, 3],
      [2, 2],
      [3, 0.9],
    ])
    expect(series.points('acc')).toEqual([[3, 0.5]])
    expect(series.lastStep()).toBe(3)
  })

  it('ends the same whether points come from the server, the stream, or both', () => {
    const both = new JobSeries()
    both.put({ epoch: 2, loss: 2 })
    both.putColumns('loss', [1, 2, 3], [3, 2, 1])
    both.put({ epoch: 3, loss: 1 })
    const read = new JobSeries()
    read.putColumns('loss', [1, 2, 3], [3, 2, 1])
    expect(both.points('loss')).toEqual(read.points('loss'))
  })

  it('keeps NaN as a gap and offers only metrics that have a number', () => {
    const series = new JobSeries()
    series.put({ epoch: 1, loss: null, text: 'x' })
    expect(series.names()).toEqual([])
    series.put({ epoch: 2, loss: 1 })
    expect(series.names()).toEqual(['loss'])
    expect(series.points('loss')).toEqual([
      [1, null],
      [2, 1],
    ])
  })

  it('tells by its version that something came', () => {
    const series = new JobSeries()
    series.put({ loss: 1 })
    expect(series.version).toBe(0)
    series.put({ epoch: 0, loss: 1 })
    expect(series.version).toBe(1)
  })
})
