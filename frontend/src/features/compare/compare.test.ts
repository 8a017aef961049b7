import { describe, expect, it } from 'vitest'
import type { BatchComparison, CurveAnswer, JobComparison } from './api'
import { exported } from './exporting'
import { diffMatrix, strengths, tallyOf } from './matrix'
import { drawnSides, overlayOf, placesOf } from './overlay'
import { compareJobs, moved, MOST_COMPARED, parseBatches, parseJobs, writeJobs } from './selection'
import { sidesOfBatches, sidesOfJobs, type Side } from './sides'
import { bestOf, cellText, deltaOf, rowsOf, signed } from './table'
import { differingSettings, headlineOf, verdictOf } from './verdict'

const side = (title: string, metrics: Record<string, number>, config: Record<string, unknown> = {}, more: Partial<Side> = {}): Side => ({
  key: title, title, subtitle: '', to: '/', status: 'done', metrics, config, environment: {}, facts: {}, curve: { batchId: 'b', jobId: title }, seeds: [], group: title, ...more,
})

describe('the selection in the address', () => {
  it('keeps ids of any letters', () => {
    const jobs = [{ batchId: 'a/b', jobId: 'j,1' }, { batchId: 'plain', jobId: 'x%2F' }]
    expect(parseJobs(writeJobs(jobs))).toEqual(jobs)
    expect(parseJobs('b/j,b/j,,nothing,/x,y/')).toEqual([{ batchId: 'b', jobId: 'j' }])
    expect(parseJobs('b/100%')).toEqual([{ batchId: 'b', jobId: '100%' }])
  })

  it('has no more than can be compared', () => {
    expect(parseBatches(Array.from({ length: 40 }, (_, at) => `b${at}`).join(','))).toHaveLength(MOST_COMPARED)
    expect(parseBatches(' a, b,a,')).toEqual(['a', 'b'])
    expect(compareJobs([{ batchId: 'b', jobId: 'j' }])).toEqual({ name: 'compare', query: { jobs: 'b/j' } })
  })

  it.each([[0, 2, 'bca'], [2, 0, 'cab'], [1, 9, 'acb'], [1, -3, 'bac'], [7, 0, 'abc']])('moves the one at %d to %d', (from, to, expected) => expect(moved([...'abc'], from, to).join('')).toBe(expected))
})

describe('rows', () => {
  const sides = [side('one', { acc: 0.8, loss: 2 }, { lr: 0.1, opt: 'adam' }), side('two', { acc: 0.9, loss: 2 }, { lr: 0.01, opt: 'adam', wd: 1 })]
  const rows = rowsOf(sides, { acc: 'max', loss: 'min' }, ['loss', 'acc'])

  it('tell metrics in the order given, then settings; which differ, and which is best', () => {
    expect(rows.map((row) => [row.name, row.differs, row.best])).toEqual([
      ['loss', false, null], ['acc', true, 1], ['lr', true, null], ['opt', false, null], ['wd', true, null],
    ])
    expect(differingSettings(rows)).toEqual(['lr', 'wd'])
  })

  it.each([
    [[1, 2, 3], 'min', 0], [[1, 2, 3], 'max', 2], [[1, 1, 3], 'min', null], [[1, undefined], 'min', null], [[NaN, 2, 1], 'min', 2], [['1', 2], 'max', null],
  ] as const)('find the best of %j (%s)', (values, aim, expected) => expect(bestOf(values, aim)).toBe(expected))

  it('call no learning rate the best', () => {
    const [row] = rowsOf([side('one', { lr: 1 }), side('two', { lr: 2 })], { lr: 'min' }, [])
    expect([row?.best, row?.aim]).toEqual([null, null])
    expect(headlineOf([side('one', { lr: 1, acc: 1 })], '')).toBe('acc')
    expect(headlineOf([side('one', { lr: 1 })], '')).toBe('lr')
  })

  it('tell how far a value is from the baseline', () => {
    expect(deltaOf(0.9, 0.8, 'max')).toMatchObject({ better: true })
    expect(deltaOf(0.9, 0.8, 'max')?.percent).toBeCloseTo(12.5)
    expect(deltaOf(-1, -2, 'min')).toEqual({ absolute: 1, percent: 50, better: false })
    expect([deltaOf(1, 0, null), deltaOf(1, 1, 'min'), deltaOf('a', 1, 'min')]).toEqual([{ absolute: 1, percent: null, better: null }, null, null])
    expect([signed(1, String), signed(-1, String), signed(0, String)]).toEqual(['+1', '−1', '0'])
    expect([cellText(undefined, String), cellText([1], String), cellText('a', String), cellText(1, () => 'n')]).toEqual(['–', '[1]', 'a', 'n'])
  })

  it('leave as a file, with the best in bold and nothing that a program would run', () => {
    const odd = [side('a_b', { acc: 0.5 }, { note: '50% & $x_1$ | <b>' }), side('=cmd', { acc: 0.7 }, { note: '~' })]
    const all = rowsOf(odd, { acc: 'max' }, [])
    expect(exported('latex', odd, all, String)).toBe(
      ['\\begin{tabular}{lrr}', '\\toprule', ' & a\\_b & =cmd \\\\', '\\midrule', 'acc & 0.5 & \\textbf{0.7} \\\\', '\\midrule', 'note & 50\\% \\& \\$x\\_1\\$ | <b> & \\textasciitilde{} \\\\', '\\bottomrule', '\\end{tabular}', ''].join('\n'),
    )
    expect(exported('markdown', odd, all, String).split('\n').slice(0, 4)).toEqual(['|  | a\\_b | =cmd |', '| --- | ---: | ---: |', '| acc | 0.5 | **0.7** |', '| note | 50% & $x\\_1$ \\| \\<b\\> | ~ |'])
    expect(exported('csv', odd, all, String).split('\r\n').slice(0, 2)).toEqual(["section,name,a_b,'=cmd", 'metrics,acc,0.5,0.7'])
  })
})

const job = (job_id: string, model: string, dataset: string, acc: unknown) => ({ job_id, model, dataset, status: 'done', elapsed_s: 1, metrics: acc === undefined ? null : { acc } })
const batch = (batch_id: string, jobs: ReturnType<typeof job>[]) =>
  ({ batch_id, name: null, project: 'p', status: 'done', jobs, metrics: { acc: 0.9 }, config: {}, environment: {}, host: null, command: null, model: 'm', dataset: 'd', n_done: 1, n_failed: 0, best_job_id: jobs[0]?.job_id ?? null, seed_job_ids: jobs.map((one) => one.job_id) }) as unknown as BatchComparison['batches'][number]

describe('two batches cell by cell', () => {
  const a = [job('1', 'cnn', 'x', 0.5), job('2', 'cnn', 'x', 0.7), job('3', 'cnn', 'y', 0.5), job('4', 'vit', 'x', 0.4), job('5', 'vit', 'y', undefined)]
  const b = [job('1', 'cnn', 'x', 0.9), job('2', 'cnn', 'y', 0.4), job('3', 'vit', 'x', 0.4), job('4', 'mlp', 'x', 1)]
  const matrix = diffMatrix(a, b, 'acc', 'max')

  it('compares the means of cells that both have', () => {
    expect([matrix.models, matrix.datasets]).toEqual([['cnn', 'mlp', 'vit'], ['x', 'y']])
    expect(matrix.cells[0]?.[0]).toMatchObject({ na: 2, nb: 1, better: true })
    expect(matrix.cells[0]?.[0]?.delta).toBeCloseTo(0.3)
    expect(matrix.cells[0]?.[0]?.percent).toBeCloseTo(50)
    expect(matrix.cells[1]?.[0]).toMatchObject({ a: null, b: 1, delta: null, better: null })
  })

  it('counts who wins, and by how much on average', () => {
    expect(tallyOf(matrix, 'max')).toMatchObject({ both: 3, wins: 1, losses: 1 })
    expect(tallyOf(matrix, 'max').gain).toBeCloseTo((50 - 20 + 0) / 3)
    const worse = diffMatrix(a, b, 'acc', 'min')
    expect(tallyOf(worse, 'min').gain).toBeCloseTo(-(50 - 20) / 3)
  })

  it('colours by the largest difference', () => {
    const found = strengths(matrix)
    expect(found[0]?.[0]).toBeCloseTo(1)
    expect(found[0]?.[1]).toBeCloseTo(-1 / 3)
    expect(found[1]?.[0]).toBeNull()
  })

  it('says in a sentence who beats whom', () => {
    const more = [...b, job('5', 'vit', 'y', 1)]
    const comparison = { batches: [batch('A', [...a, job('6', 'vit', 'y', 0.5)]), batch('B', more)] } as BatchComparison
    const sides = sidesOfBatches(comparison)
    expect(verdictOf(sides, 0, 'acc', 'max', comparison)).toMatchObject({ kind: 'cells', winner: 'B', loser: 'A', wins: 2, both: 4, even: false })
    expect(verdictOf(sides, 1, 'acc', 'max', comparison)).toMatchObject({ kind: 'cells', winner: 'B', loser: 'A', wins: 2 })
    expect(verdictOf(sides, 0, 'acc', 'max', { batches: [batch('A', []), batch('B', more)] } as BatchComparison).kind).toBe('none')
  })
})

describe('the verdict on jobs', () => {
  const sides = [side('one', { acc: 0.8, lr: 1 }), side('two', { acc: 0.9 }), side('three', { acc: 0.7 })]
  it('names the best and how far it is from the baseline', () => {
    expect(headlineOf(sides, 'lr')).toBe('lr')
    expect(headlineOf(sides, 'none')).toBe('acc')
    expect(verdictOf(sides, 0, 'acc', 'max', null)).toMatchObject({ kind: 'best', winner: 'two', value: 0.9, base: 'one' })
    expect(verdictOf(sides, 1, 'acc', 'max', null)).toMatchObject({ kind: 'best', winner: 'two', base: null, percent: null })
    expect(verdictOf(sides.slice(0, 1), 0, 'acc', 'max', null)).toEqual({ kind: 'none' })
    expect(verdictOf([], 0, null, 'max', null)).toEqual({ kind: 'none' })
  })
})

describe('the overlay', () => {
  const one = { batch_id: 'b', job_id: 'one', error: null, missing: [], resumes: [], series: [{ name: 'loss', kind: 'step', steps: [5, 6], times: [1, 2], values: [9, 8] }, { name: 'loss', kind: 'epoch', steps: [1, 2], times: [100, 160], values: [1, null] }] }
  const band = { name: 'loss', kind: 'epoch', steps: [1, 2], elapsed: [0, 30], n: [2, 2], mean: [1, 2], std: [0.5, null] }
  const answer = { results: [one], groups: [{ id: 'one', series: [band] }] } as unknown as CurveAnswer
  const seeds = [{ batchId: 'b', jobId: 'one' }, { batchId: 'b', jobId: 'two' }]
  const sides = [side('one', {}, {}, { seeds, group: 'g' }), side('two', {}, {}, { seeds, group: 'g' }), side('none', {}, {}, { curve: null })]
  const settings = { sides, colours: ['red', 'blue'], metric: 'loss', axis: 'step' } as const

  it('draws every side, over epochs where there are any', () => {
    expect(overlayOf(answer, { ...settings, banded: false })).toEqual([{ id: 'one', name: 'one', colour: 'red', points: [[1, 1], [2, null]] }])
  })

  it('draws one line with a band for each seed group', () => {
    expect(drawnSides(sides, true).map(({ at }) => at)).toEqual([0])
    const [line] = overlayOf(answer, { ...settings, axis: 'relative', banded: true })
    expect([line?.name, [...(line?.band?.low ?? [])], [...(line?.band?.high ?? [])]]).toEqual(['one (n = 2)', [0.5, 2], [1.5, 2]])
    expect(line?.points).toMatchObject({ x: Float64Array.from([0, 30]) })
  })

  it('places points over steps, time since the start and time of day', () => {
    const series = { steps: [1, 2], times: [100, 160] }
    expect([placesOf(series, 'step'), placesOf(series, 'relative'), placesOf(series, 'wall')]).toEqual([[1, 2], [0, 60], [100_000, 160_000]])
  })

  it('knows which jobs are seeds of one another', () => {
    const told = (job_id: string, seed_group: string) => ({ batch_id: 'b', batch_name: null, job_id, seed_group, metrics: {}, config: {}, environment: {}, model: null, dataset: null, project: 'p', host: null, command: null, status: null, elapsed_s: null })
    const found = sidesOfJobs({ jobs: [told('1', 'g'), told('2', 'h'), told('3', 'g')] } as unknown as JobComparison)
    const twice = sidesOfJobs({ jobs: [told('1', 'g'), { ...told('1', 'h'), batch_id: 'c', batch_name: 'C' }, told('2', 'i')] } as unknown as JobComparison)
    expect(twice.map(({ title }) => title)).toEqual(['b / 1', 'C / 1', '2'])
    expect(found.map(({ seeds: members }) => members.map(({ jobId }) => jobId))).toEqual([['1', '3'], ['2'], ['1', '3']])
  })
})
