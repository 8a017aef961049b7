// The sentence on top of a comparison: who wins, by how much, and what differs. Pure: it says what to say, not how.
import { defaultMetric } from '@/features/runs'
import type { BatchComparison } from './api'
import { diffMatrix, tallyOf } from './matrix'
import type { Side } from './sides'
import { bestOf, deltaOf, isJudging, type Aim, type Row } from './table'

export type Verdict =
  | { kind: 'cells'; winner: string; loser: string; wins: number; both: number; metric: string; gain: number | null; even: boolean }
  | { kind: 'best'; winner: string; metric: string; value: number; percent: number | null; base: string | null }
  | { kind: 'none' }

/** The metric that a comparison is told by: the asked one, else the one that most sides have and that judges a model. */
export function headlineOf(sides: readonly Side[], asked: string): string | null {
  const counts = new Map<string, number>()
  for (const side of sides) for (const name of Object.keys(side.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1)
  if (counts.has(asked)) return asked
  const most = Math.max(0, ...counts.values())
  const common = [...counts].filter(([, count]) => count === most).map(([name]) => name)
  return defaultMetric(common.filter(isJudging)) ?? common[0] ?? null
}

export function verdictOf(sides: readonly Side[], base: number, metric: string | null, aim: Aim, comparison: BatchComparison | null): Verdict {
  if (metric === null || sides.length === 0) return { kind: 'none' }
  const cells = comparison && sides.length === 2 ? ofCells(sides, base, metric, aim, comparison) : null
  if (cells) return cells
  const values = sides.map((side) => side.metrics[metric])
  const best = bestOf(values, aim)
  if (best === null) return { kind: 'none' }
  const baseline = best === base ? null : sides[base]
  const delta = baseline ? deltaOf(values[best], values[base], aim) : null
  return { kind: 'best', winner: sides[best]?.title ?? '', metric, value: values[best] as number, percent: delta?.percent ?? null, base: delta ? (baseline?.title ?? null) : null }
}

function ofCells(sides: readonly Side[], base: number, metric: string, aim: Aim, comparison: BatchComparison): Verdict | null {
  const other = 1 - base
  const [a, b] = [comparison.batches[base], comparison.batches[other]]
  if (!a || !b) return null
  const tally = tallyOf(diffMatrix(a.jobs, b.jobs, metric, aim), aim)
  if (tally.both < 2) return null
  const ahead = tally.wins >= tally.losses
  const [winner, loser] = ahead ? [other, base] : [base, other]
  return {
    kind: 'cells',
    winner: sides[winner]?.title ?? '',
    loser: sides[loser]?.title ?? '',
    wins: ahead ? tally.wins : tally.losses,
    both: tally.both,
    metric,
    gain: tally.gain === null ? null : ahead ? tally.gain : -tally.gain,
    even: tally.wins === tally.losses,
  }
}

/** The settings that differ, the first few by name. */
export const differingSettings = (rows: readonly Row[]): string[] => rows.filter((row) => row.section === 'config' && row.differs).map((row) => row.name)
