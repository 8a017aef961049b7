import { describe, expect, it } from 'vitest'
import { JobSeries, type Columns } from './series'

const columns = (steps: number[], values: (number | null)[], more: Partial<Columns> = {}): Columns => ({
  name: 'loss',
  kind: 'epoch',
  steps,
  values,
  n_points: steps.length,
  ...more,
})

function read(series: JobSeries, ...curves: Columns[]): void {
  series.close(series.open(), { series: curves, resumes: [] })
}

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

  it('keeps curves over steps apart from those over epochs', () => {
    const series = new JobSeries()
    series.put({ epoch: 1, loss: 3 })
    series.put({ step: 400, loss: 2.5, grad: 7 }, 'step')
    expect(series.names('epoch')).toEqual(['loss'])
    expect(series.names('step')).toEqual(['loss', 'grad'])
    expect(series.names()).toEqual(['loss', 'grad'])
    expect(series.points('loss', 'step')).toEqual([[400, 2.5]])
    expect(series.points('loss')).toEqual([[1, 3]])
    expect(series.points('grad')).toEqual([[400, 7]])
    expect([series.lastStep('epoch'), series.lastStep()]).toEqual([1, 400])
  })

  it('takes what the server reads, and keeps what the stream told meanwhile', () => {
    const series = new JobSeries()
    series.put({ epoch: 9, loss: 9 })
    const mark = series.open()
    series.put({ epoch: 4, loss: 0.5 })
    series.close(mark, { series: [columns([1, 2, 3], [3, 2, 1])], resumes: [] })
    expect(series.points('loss').map(([step]) => step)).toEqual([1, 2, 3, 4])
    const failed = series.open()
    series.close(failed, null)
    expect(series.points('loss')).toHaveLength(4)
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

  it('puts finer points of a part between the others', () => {
    const series = new JobSeries()
    read(series, columns([0, 10, 20, 30], [0, 1, 2, 3], { n_points: 31 }))
    expect(series.isThinned('epoch')).toBe(true)
    series.refine([columns([9, 10, 11], [8, 1, 9])])
    expect(series.points('loss')).toEqual([
      [0, 0],
      [9, 8],
      [10, 1],
      [11, 9],
      [20, 2],
      [30, 3],
    ])
    read(series, columns([1], [1]))
    expect(series.isThinned('epoch')).toBe(false)
  })

  it('stays small however long a page is open, and loses no extreme', () => {
    const series = new JobSeries()
    for (let step = 0; step < 20_000; step += 1) series.put({ step, loss: step === 777 ? 99 : step === 778 ? -99 : Math.sin(step) }, 'step')
    const points = series.points('loss', 'step')
    expect(points.length).toBeLessThanOrEqual(8_000)
    expect(points.map(([step]) => step)).toEqual([...points.map(([step]) => step)].sort((a, b) => a - b))
    expect(points).toContainEqual([777, 99])
    expect(points).toContainEqual([778, -99])
    expect(points.at(-1)?.[0]).toBe(19_999)
  })
})

describe('a job that began anew', () => {
  const first = (): JobSeries => {
    const series = new JobSeries()
    for (const epoch of [1, 2, 3, 4]) series.put({ epoch, loss: epoch })
    return series
  }

  it('replaces its tail from the first epoch of the new run on, and says where', () => {
    const series = first()
    series.begin(100)
    expect(series.resumes).toEqual([{ at: 100, epoch: null, step: null }])
    expect(series.points('loss')).toHaveLength(4)
    series.put({ epoch: 3, loss: 30 })
    series.put({ epoch: 4, loss: 40 })
    expect(series.points('loss')).toEqual([
      [1, 1],
      [2, 2],
      [3, 30],
      [4, 40],
    ])
    expect(series.resumes).toEqual([{ at: 100, epoch: 3, step: null }])
  })

  it('is told once, however often its start arrives', () => {
    const series = first()
    series.begin(100)
    series.begin(100)
    series.put({ epoch: 2, loss: 20 })
    series.begin(100)
    expect(series.resumes).toEqual([{ at: 100, epoch: 2, step: null }])
    expect(series.points('loss')).toHaveLength(2)
  })

  it('is no resume when nothing was reported before', () => {
    const series = new JobSeries()
    series.begin(100)
    expect(series.resumes).toEqual([])
  })
})

describe('curves over time', () => {
  it('take the resumes of a job that was unknown until now, and keep those that the stream told', () => {
    const series = new JobSeries()
    series.refine([columns([1, 2], [3, 1])], [{ at: 50, epoch: 2, step: null }])
    expect(series.resumePlaces('epoch')).toEqual([{ x: 2, at: 50 }])
    series.refine([columns([1, 2], [3, 1])], [{ at: 70, epoch: 1, step: null }])
    expect(series.resumePlaces('epoch')).toEqual([{ x: 2, at: 50 }])
  })

  const timed = (): JobSeries => {
    const series = new JobSeries()
    series.close(series.open(), {
      series: [columns([1, 2, 3], [3, null, 1], { times: [1000, 1010, 1020] }), columns([100], [9], { name: 'grad', kind: 'step', times: [995] })],
      resumes: [{ at: 1015, epoch: 3, step: null }],
    })
    return series
  }

  it('stand at the time of day, or since the first point of the job', () => {
    expect(timed().points('loss', 'epoch', 'wall')).toEqual([[1_000_000, 3], [1_010_000, null], [1_020_000, 1]])
    expect(timed().points('loss', 'epoch', 'relative')).toEqual([[5, 3], [15, null], [25, 1]])
    expect(timed().points('loss')[0]).toEqual([1, 3])
  })

  it('take live points, and leave out what has no time', () => {
    const series = timed()
    series.put({ epoch: 4, loss: 0.5 }, 'epoch', 1030)
    series.put({ epoch: 5, loss: 0.4 }, 'epoch')
    expect(series.points('loss', 'epoch', 'relative').slice(-2)).toEqual([[25, 1], [35, 0.5]])
  })

  it('say where a new run began, on the axis that is looked at', () => {
    expect(timed().resumePlaces('epoch')).toEqual([{ x: 3, at: 1015 }])
    expect(timed().resumePlaces('epoch', 'relative')).toEqual([{ x: 20, at: 1015 }])
    expect(timed().resumePlaces('epoch', 'wall')).toEqual([{ x: 1_015_000, at: 1015 }])
    expect(timed().resumePlaces('step', 'wall')).toEqual([])
  })

  it('find the steps of a part that is looked at', () => {
    expect(timed().stepsBetween('epoch', 'relative', 4, 16)).toEqual([1, 2])
    expect(timed().stepsBetween('epoch', 'wall', 0, 10)).toBeNull()
    expect(timed().stepsBetween('epoch', 'step', 2, 7)).toEqual([2, 7])
  })

  it('keeps infinities apart from NaN, from the server and from the stream', () => {
    const series = new JobSeries()
    read(series, columns([1, 2, 3], [1, null, null], { nonfinite: { nan: [2], pos_inf: [3], neg_inf: [] } }))
    series.put({ epoch: 4, loss: '-Infinity' })
    expect([...series.columns('loss').y]).toEqual([1, NaN, Infinity, -Infinity])
    expect(series.points('loss').map(([, y]) => y)).toEqual([1, null, null, null])
  })

  it('gives the same columns until something changes', () => {
    const series = new JobSeries()
    read(series, columns([1, 2], [1, 2], { times: [10, 20] }))
    expect(series.columns('loss')).toBe(series.columns('loss'))
    expect(series.columns('loss', 'epoch', 'wall')).toBe(series.columns('loss', 'epoch', 'wall'))
    const before = series.columns('loss', 'epoch', 'wall')
    series.put({ epoch: 3, loss: 3 }, 'epoch', 30)
    expect(series.columns('loss', 'epoch', 'wall')).not.toBe(before)
    expect([...series.columns('loss').x]).toEqual([1, 2, 3])
  })

  it('has one metric over another, with its parts and its new runs', () => {
    const series = new JobSeries()
    series.close(series.open(), { series: [columns([1, 2, 3], [9, 8, 7]), columns([1, 2, 3], [100, 200, 300], { name: 'seen' })], resumes: [{ at: 5, epoch: 2, step: null }] })
    expect([...series.columns('loss', 'epoch', 'metric:seen').x]).toEqual([100, 200, 300])
    expect(series.stepsBetween('epoch', 'metric:seen', 150, 400)).toEqual([2, 3])
    expect(series.stepsBetween('epoch', 'metric:seen', 1, 2)).toBeNull()
    expect(series.resumePlaces('epoch', 'metric:seen')).toEqual([{ x: 200, at: 5 }])
    expect(series.columns('loss', 'epoch', 'metric:none').x).toHaveLength(0)
  })

  it('remembers of curves that it learns of by a part that there is more', () => {
    const series = new JobSeries()
    series.refine([columns([1, 9], [1, 2], { n_points: 9 })])
    expect(series.isThinned('epoch')).toBe(true)
  })

  it('knows when each step was reported', () => {
    const series = new JobSeries()
    read(series, columns([1, 2], [1, 2], { times: [10, 20] }))
    expect([...series.clock('epoch').y]).toEqual([10_000, 20_000])
    expect([series.began(), series.lastTime()]).toEqual([10, 20])
  })
})
