// Names of metrics: which are better when higher, in which order to offer them, which job is best.
// Rules of the wire contract, semantics section 7.
import type { Job } from './types'

export type Direction = 'lower' | 'higher'

// The same names as the server knows (argus_catalog.derivations.metrics): both are held to one list of cases.
const LOWER = ['loss', 'mse', 'mae', 'rmse', 'error', 'rmspe', 'smape']
const LOWER_WORDS = new Set([...LOWER, 'mape', 'perplexity', 'wer', 'cer', 'fid'])
const HIGHER_WORDS = new Set(
  ['r²', 'r2', 'pcc', 'scc', 'acc', 'accuracy', 'f1', 'auc', 'auroc', 'recall', 'precision', 'iou', 'miou', 'map', 'bleu', 'rouge', 'dice', 'psnr'].concat(
    ['ssim', 'kappa', 'mcc', 'ndcg', 'mrr', 'reward', 'return', 'score', 'top1', 'top5', 'spearman', 'pearson'],
  ),
)
const HIGHER = ['accuracy', 'auc', 'f1', 'recall', 'precision', 'reward']
const FIRST = ['MSE', 'MAE', 'RMSE', 'R2', 'PCC', 'SCC']
const DEFAULTS = ['MSE', 'PCC', 'R2', 'MAE']

export interface DirectionGuess {
  direction: Direction
  /** False when the name says nothing and lower is only assumed. */
  sure: boolean
}

export function directionOf(name: string): DirectionGuess {
  const plain = name.toLowerCase()
  const words = plain.split(/[^\p{L}\p{N}²]+/u)
  if (LOWER.some((part) => plain.includes(part)) || words.some((word) => LOWER_WORDS.has(word))) return { direction: 'lower', sure: true }
  if (words.some((word) => HIGHER_WORDS.has(word)) || HIGHER.some((part) => plain.includes(part))) return { direction: 'higher', sure: true }
  return { direction: 'lower', sure: false }
}

export function metricValue(job: Job, name: string): number | null {
  const value = job.metrics?.[name]
  return typeof value === 'number' ? value : null
}

/** Every numeric metric of these jobs: the well-known ones first, the others by name. */
export function metricNames(jobs: readonly Job[]): string[] {
  const names = new Set<string>()
  for (const job of jobs) {
    for (const [name, value] of Object.entries(job.metrics ?? {})) if (typeof value === 'number') names.add(name)
  }
  const rank = (name: string): number => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1)
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

export function defaultMetric(names: readonly string[]): string | undefined {
  return (
    DEFAULTS.find((name) => names.includes(name)) ??
    names.find((name) => directionOf(name).sure && !/time|seconds|elapsed/i.test(name)) ??
    names[0]
  )
}

/** The best job by a metric, whatever its status; the first of equals. */
export function bestJob(jobs: readonly Job[], metric: string): Job | null {
  const sign = directionOf(metric).direction === 'higher' ? -1 : 1
  let best: Job | null = null
  for (const job of jobs) {
    const value = metricValue(job, metric)
    if (value === null || !Number.isFinite(value)) continue
    if (!best || sign * value < sign * (metricValue(best, metric) as number)) best = job
  }
  return best
}
