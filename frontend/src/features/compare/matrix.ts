// Two batches cell by cell: what each reached on a model and a data set, and who is better there. Pure.
import type { BatchComparison } from './api'
import type { Aim } from './table'

type Jobs = BatchComparison['batches'][number]['jobs']

export interface DiffCell {
  /** Means over the jobs with a number, and how many those are. */
  a: number | null
  b: number | null
  na: number
  nb: number
  /** b - a, and in hundredths of a; null where one side has nothing. */
  delta: number | null
  percent: number | null
  /** Whether b is better; null where neither is. */
  better: boolean | null
}

export interface DiffMatrix {
  models: string[]
  datasets: string[]
  /** By model, then by data set. */
  cells: DiffCell[][]
}

export interface Tally {
  /** Cells that both have. */
  both: number
  wins: number
  losses: number
  /** Of the cells that both have, by how many hundredths b is better on average; null without any. */
  gain: number | null
}

export function diffMatrix(a: Jobs, b: Jobs, metric: string, aim: Aim): DiffMatrix {
  const names = (pick: (job: Jobs[number]) => string | null): string[] => [...new Set([...a, ...b].map((job) => pick(job) ?? ''))].sort((x, y) => x.localeCompare(y, 'en', { numeric: true }))
  const models = names((job) => job.model)
  const datasets = names((job) => job.dataset)
  const [sideA, sideB] = [meansOf(a, metric), meansOf(b, metric)]
  const cells = models.map((model) => datasets.map((dataset) => cellOf(sideA.get(placeOf(model, dataset)), sideB.get(placeOf(model, dataset)), aim)))
  return { models, datasets, cells }
}

const placeOf = (model: string | null, dataset: string | null): string => JSON.stringify([model ?? '', dataset ?? ''])

interface Mean {
  mean: number
  n: number
}

function meansOf(jobs: Jobs, metric: string): Map<string, Mean> {
  const found = new Map<string, Mean>()
  for (const job of jobs) {
    const value = job.metrics?.[metric]
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    const place = placeOf(job.model, job.dataset)
    const { mean, n } = found.get(place) ?? { mean: 0, n: 0 }
    found.set(place, { mean: mean + (value - mean) / (n + 1), n: n + 1 })
  }
  return found
}

function cellOf(a: Mean | undefined, b: Mean | undefined, aim: Aim): DiffCell {
  const delta = a && b ? b.mean - a.mean : null
  return {
    a: a?.mean ?? null,
    b: b?.mean ?? null,
    na: a?.n ?? 0,
    nb: b?.n ?? 0,
    delta,
    percent: delta === null || !a?.mean ? null : (100 * delta) / Math.abs(a.mean),
    better: delta === null || delta === 0 ? null : aim === 'max' ? delta > 0 : delta < 0,
  }
}

export function tallyOf(matrix: DiffMatrix, aim: Aim): Tally {
  const both = matrix.cells.flat().filter((cell) => cell.delta !== null)
  const gains = both.flatMap(({ percent }) => (percent === null ? [] : [aim === 'max' ? percent : -percent]))
  return {
    both: both.length,
    wins: both.filter(({ better }) => better === true).length,
    losses: both.filter(({ better }) => better === false).length,
    gain: gains.length > 0 ? gains.reduce((sum, gain) => sum + gain, 0) / gains.length : null,
  }
}

/** How strongly a cell is coloured, -1 to 1: the largest difference of all cells is 1, what is better for b above 0. */
export function strengths(matrix: DiffMatrix): (number | null)[][] {
  const most = Math.max(0, ...matrix.cells.flat().map(({ delta }) => Math.abs(delta ?? 0)))
  return matrix.cells.map((row) => row.map(({ delta, better }) => (delta === null || most === 0 ? null : ((better ? 1 : -1) * Math.abs(delta)) / most)))
}
