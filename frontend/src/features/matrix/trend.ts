// The staircase of records: where a line of the best so far turns.
import { parseTime } from '@/shared/i18n/format'
import type { BestTrend } from './types'

export interface TrendStep {
  x: number
  y: number
  record: BestTrend['records'][number]
  /** Far enough from its neighbours to be pressed. */
  isTarget: boolean
}

// What a finger or pointer needs (WCAG 2.5.8), where the figure is as narrow as on a phone.
const TARGET = 26
const NARROWEST = 320

export interface Staircase {
  path: string
  steps: TrendStep[]
  low: number
  high: number
}

/** Points within a box of this size; the line stays level between records, and goes on to the last result. */
export function staircase(trend: BestTrend, width: number, height: number, pad = 6): Staircase | null {
  const records = trend.records.flatMap((record) => {
    const at = parseTime(record.at)
    return at === null ? [] : [{ at, record }]
  })
  const [first] = records
  if (!first) return null
  const end = Math.max(parseTime(trend.last_at) ?? first.at, records.at(-1)?.at ?? first.at)
  const values = records.map(({ record }) => record.value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const x = (at: number): number => (end > first.at ? pad + ((at - first.at) * (width - 2 * pad)) / (end - first.at) : width / 2)
  const y = (value: number): number => (high > low ? pad + ((high - value) * (height - 2 * pad)) / (high - low) : height / 2)
  const steps = targets(records.map(({ at, record }) => ({ x: x(at), y: y(record.value), record })), NARROWEST / width)
  const [begin, ...later] = steps as [TrendStep, ...TrendStep[]]
  const path = [`M${begin.x.toFixed(1)},${begin.y.toFixed(1)}`, ...later.map((step) => `H${step.x.toFixed(1)}V${step.y.toFixed(1)}`), `H${x(end).toFixed(1)}`].join('')
  return { path, steps, low, high }
}

/** Steps that can be pressed, the newest first: each keeps its distance from those that are chosen already. */
function targets(steps: readonly Omit<TrendStep, 'isTarget'>[], scale: number): TrendStep[] {
  const chosen = new Set<Omit<TrendStep, 'isTarget'>>()
  for (const step of [...steps].reverse()) {
    const isFar = [...chosen].every((other) => Math.max(Math.abs(step.x - other.x) * scale, Math.abs(step.y - other.y)) >= TARGET)
    if (isFar) chosen.add(step)
  }
  return steps.map((step) => ({ ...step, isTarget: chosen.has(step) }))
}
