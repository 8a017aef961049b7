import { describe, expect, it } from 'vitest'
import vectors from '../../../../services/catalog/tests/vectors/boards.json'
import { directionOf, foldJob, type Job } from '@/features/runs'
import { PALETTES } from '@/shared/theme'
import { columnBests, extremes, gapToBest, heatOf, ordered, shade } from './board'
import { spanOf } from './composables/useWindow'
import { conditionOf, differences } from './groups'
import { bestFirst, cellOfRow, ranks, sortRows, spreadOf } from './leaderboard'
import { isSameBoard, localBoard } from './local'
import { meanAndStd } from './numbers'
import { staircase } from './trend'
import type { Board, BoardRow, Cell, Toward } from './types'

let made = 0
const job = (metrics: Record<string, unknown> | null, more: Partial<Job> = {}): Job =>
  ({ id: `j${(made += 1)}`, batch_id: 'b', model: 'm', dataset: 'd', status: 'done', is_idle_flagged: false, metrics, ...more }) as Job
const cell = (mean: number | null, more: Partial<Cell> = {}): Cell => ({ ...cellOfRow({ status: 'done', mean, n: mean === null ? 0 : 1 } as BoardRow, []), is_eligible: mean !== null, ...more })
const board = (rows: string[], cols: string[], cells: (Cell | null)[][], direction: Toward = 'min'): Board => ({ metric: 'x', direction, is_sure: true, seeds: false, others: [], rows, cols, cells })

describe('the vectors that server and web app share', () => {
  it.each(vectors.directions)('$metric: $direction is better', ({ metric, direction, is_sure: sure }) => {
    expect(directionOf(metric)).toEqual({ direction: direction === 'max' ? 'higher' : 'lower', sure })
  })

  it.each(vectors.extremes)('best and worst: $name', ({ cells, direction, best, worst }) => {
    const jobs = cells.flatMap((one, place) =>
      one ? [job(one.value === null ? null : { x: one.value }, { dataset: String(place), status: ('status' in one && one.status) || 'done', is_idle_flagged: 'is_idle' in one && one.is_idle === true })] : [],
    )
    const made = localBoard(jobs, { metric: 'x', others: [], direction: direction as Toward, isSure: true })
    const flagged = (key: 'best' | 'worst'): number | null => {
      const at = made.cells.flat().findIndex((found) => found?.[key])
      return at < 0 ? null : Number(made.cols[at])
    }
    expect([flagged('best'), flagged('worst')]).toEqual([best, worst])
  })
})

describe('a batch’s own matrix', () => {
  it('shows the last job of a cell, and names the others after it', () => {
    const [first, last] = [job({ x: 1 }), job({ x: 2 }, { status: 'failed' })]
    const made = localBoard([first, last], { metric: 'x', others: ['y'], direction: 'min', isSure: true })
    const [only] = made.cells.flat()
    expect([only?.mean, only?.is_eligible, only?.n_jobs, only?.states]).toEqual([2, false, 2, { done: 1, failed: 1 }])
    expect(only?.jobs.map((one) => one.job_id)).toEqual([last.id, first.id])
    expect(only?.others.y?.mean).toBeNull()
  })

  it('takes no text and no NaN for a number', () => {
    const made = localBoard([job({ x: 'NaN' }), job({ x: Number.NaN }, { dataset: 'e' })], { metric: 'x', others: [], direction: 'min', isSure: true })
    expect(made.cells.flat().map((one) => [one?.n, one?.mean])).toEqual([[0, null], [0, null]])
  })

  it('is the same one after an epoch, and another after a result or a new job', () => {
    const jobs = [job({ x: 1 }), job(null, { status: 'running' })]
    const event = { event_id: 'e', timestamp: '2026-01-01T00:00:00Z', batch_id: 'b', job_id: jobs[1]?.id ?? '', channel: 'batch:b', source: { project: 'p', host: 'h', user: 'u', command: null } }
    const after = (type: string, data: Record<string, unknown>): Job[] => jobs.map((one, at) => (at === 1 ? foldJob(one, { ...event, event_type: type, data }) : one))
    const epoch = after('job_epoch', { epoch: 3, val_loss: 0.5 })
    expect(epoch[1]).not.toBe(jobs[1])
    expect(isSameBoard(jobs, epoch)).toBe(true)
    expect(isSameBoard(jobs, after('job_done', { status: 'DONE', metrics: { x: 2 } }))).toBe(false)
    expect(isSameBoard(jobs, [...jobs, job(null)])).toBe(false)
  })
})

describe('a board', () => {
  it('has its rows and columns as people count', () => {
    const found = ordered(board(['net10', 'net9'], ['b', 'a'], [[cell(1), cell(2)], [cell(3), null]]))
    expect([found.rows, found.cols]).toEqual([['net9', 'net10'], ['a', 'b']])
    expect(found.cells.map((row) => row.map((one) => one?.mean ?? null))).toEqual([[null, 3], [2, 1]])
  })

  it('says how far a cell is from the best', () => {
    const [best, other] = [cell(2), cell(3)]
    const made = board(['m'], ['a', 'b'], [[best, other]])
    expect([gapToBest(made, best), gapToBest(made, other)]).toEqual([null, 0.5])
  })

  it('sets the best of each column in bold, all that share it', () => {
    const found = columnBests([[cell(1), cell(5)], [cell(1), cell(4, { is_eligible: false })], [cell(2), cell(6)]], 'min')
    expect(found.map((rows) => [...rows])).toEqual([[0, 1], [0]])
  })

  it('knows no extremes without two eligible cells', () => {
    expect(extremes([cell(1), null, cell(0, { is_eligible: false })], 'min')).toEqual({ best: null, worst: null })
  })
})

describe('shades', () => {
  it('go from worst to best by the direction', () => {
    expect([0, 5, 10].map(shade([0, 5, 10], 'max'))).toEqual([0, 0.5, 1])
    expect([0, 5, 10].map(shade([0, 5, 10], 'min'))).toEqual([1, 0.5, 0])
    expect(shade([1, 1], 'min')(1)).toBeNull()
  })

  it('are not taken over by a few values that diverged', () => {
    const values = [...Array(20).keys(), 1e9]
    expect(shade(values, 'min')(10)).toBeCloseTo(0.5, 1)
  })

  it('are of the whole, of columns, or of rows', () => {
    const cells = [[cell(0), cell(100)], [cell(1), cell(200)]]
    expect(heatOf(cells, 'max', 'column')).toEqual([[0, 0], [1, 1]])
    expect(heatOf(cells, 'max', 'row')).toEqual([[0, 1], [0, 1]])
    expect(heatOf(cells, 'max', 'off').flat()).toEqual([null, null, null, null])
  })

  it.each(['light', 'dark'] as const)('leave text readable in the %s theme', (theme) => {
    const { accent, surface, text, textSoft } = PALETTES[theme]
    const deepest = mix(accent, surface, 0.3)
    for (const ink of [text, textSoft]) expect(contrast(ink, deepest)).toBeGreaterThanOrEqual(4.5)
  })
})

describe('a mean with its deviation', () => {
  it.each([
    [0.92863, 0.004239, '0.9286', '0.0042'],
    [0.02736, 0.000763, '0.02736', '0.00076'],
    [123.456, 12.3, '123', '12'],
    [12345.6, 432.1, '12346', '432'],
    [0.5, 0, '0.5', '0'],
    [1e-5, 2e-6, '1.00e-5', '2.00e-6'],
    [0.5, 1e-9, '0.5', '1.00e-9'],
  ])('%d ± %d', (mean, std, shown, deviation) => {
    expect(meanAndStd(mean, std)).toEqual({ mean: shown, std: deviation })
  })

  it('is a number alone where there is no deviation', () => {
    expect(meanAndStd(0.123456, null)).toEqual({ mean: '0.1235', std: null })
    expect(meanAndStd(null, null)).toEqual({ mean: '–', std: null })
  })
})

describe('large boards', () => {
  it('hold what is in sight and a little more', () => {
    expect(spanOf(0, 600, 60, 100)).toEqual({ from: 0, to: 13 })
    expect(spanOf(3_000, 600, 60, 100)).toEqual({ from: 47, to: 63 })
    expect(spanOf(90_000, 600, 60, 100)).toEqual({ from: 100, to: 100 })
    expect(spanOf(0, 600, 60, 5)).toEqual({ from: 0, to: 5 })
  })
})

describe('a leaderboard', () => {
  const row = (model: string, acc: number | null, more: Partial<BoardRow> = {}): BoardRow => ({ model, dataset: 'd', status: 'done', metrics: acc === null ? null : { acc }, elapsed_s: 1, ...more }) as BoardRow
  const rows = [row('b', 0.5), row('a', 0.9), row('c', null), row('d', 0.5), row('e', 0.99, { status: 'failed' })]

  it('sorts both ways, and what is missing comes last', () => {
    expect(sortRows(rows, '-acc').map((one) => one.model)).toEqual(['e', 'a', 'b', 'd', 'c'])
    expect(sortRows(rows, 'acc').map((one) => one.model)).toEqual(['b', 'd', 'a', 'e', 'c'])
    expect(sortRows(rows, '-model').map((one) => one.model)).toEqual(['e', 'd', 'c', 'b', 'a'])
    expect([bestFirst('acc', 'max'), bestFirst('loss', 'min')]).toEqual(['-acc', 'loss'])
  })

  it('ranks what is done, equals alike', () => {
    const found = ranks(rows, 'acc', 'max')
    expect(rows.map((one) => found.get(one) ?? null)).toEqual([2, 1, null, 2, null])
  })

  it('prefers the spread of a seed group to one job’s value', () => {
    const spread = { n: 3, mean: 0.7, std: 0.1, min: 0.6, max: 0.8 }
    expect(spreadOf(row('a', 0.8, { spreads: { acc: spread } }), 'acc')).toEqual(spread)
    expect(spreadOf(row('a', 0.8), 'acc')?.mean).toBe(0.8)
    expect(spreadOf(row('a', 0.8), 'none')).toBeNull()
  })
})

describe('seed groups beside each other', () => {
  it('tell only the settings in which they differ', () => {
    expect(differences([{ lr: 0.1, opt: { name: 'adam' } }, { lr: 0.2, opt: { name: 'adam' }, amp: true }])).toEqual([['amp=–', 'lr=0.1'], ['amp=true', 'lr=0.2']])
    expect(differences([{ lr: 1 }])).toEqual([[]])
  })

  it('are asked for by a query whose texts are quoted', () => {
    expect(conditionOf({ project: 'p', model: 'a "b\\', dataset: '' })).toBe('project = "p" and model = "a \\"b\\\\" and dataset is null')
  })
})

describe('the trend of the best', () => {
  const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
  const record = (minute: number, value: number) => ({ at: at(minute), value, batch_id: 'b', job_id: String(minute), model: null, dataset: null })

  it('is level between records and goes on to the last result', () => {
    const found = staircase({ metric: 'x', direction: 'max', is_sure: true, n_results: 9, last_at: at(20), records: [record(0, 1), record(10, 3)] }, 100, 50, 0)
    expect(found?.path).toBe('M0.0,50.0H50.0V0.0H100.0')
    expect(found?.steps.map(({ x, y }) => [x, y])).toEqual([[0, 50], [50, 0]])
  })

  it('has steps to press that keep their distance, the newest first', () => {
    const records = [record(0, 1), record(1, 1.01), record(50, 2), record(100, 3)]
    const found = staircase({ metric: 'x', direction: 'max', is_sure: true, n_results: 4, last_at: at(100), records }, 600, 96)
    expect(found?.steps.map((step) => step.isTarget)).toEqual([false, true, true, true])
  })

  it('is nothing without records', () => {
    expect(staircase({ metric: 'x', direction: 'min', is_sure: true, n_results: 0, last_at: null, records: [] }, 100, 50)).toBeNull()
  })
})

type Rgb = [number, number, number]
const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb
const toHex = (colour: Rgb): string => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`
const mix = (a: string, b: string, share: number): string => toHex(rgb(a).map((part, at) => part * share + (rgb(b)[at] ?? 0) * (1 - share)) as Rgb)
function contrast(a: string, b: string): number {
  const light = (hex: string): number => {
    const [r, g, bl] = rgb(hex).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)) as Rgb
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl
  }
  const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y) as [number, number]
  return (bright + 0.05) / (dark + 0.05)
}
