// The rows of a comparison: metrics, settings and what things ran in; which value is best, and how far it is from the
// baseline. Pure.
import { allRows, shownValue } from '@/features/diff'
import type { Side } from './sides'

export const SECTIONS = ['metrics', 'config', 'facts', 'environment'] as const
export type Section = (typeof SECTIONS)[number]
export type Aim = 'min' | 'max'

// They tell what a run cost or how it was set up, not how good it is: none of their values is the best.
const NEUTRAL = /^(lr|learning_rate|epochs?|train_epochs|n_epochs|total_epochs|step|seed|n_params|params|model_params|num_params|n_gpus|gpu_count)$/i
export const isJudging = (name: string): boolean => !NEUTRAL.test(name)

export interface Row {
  key: string
  section: Section
  name: string
  /** One for each side; undefined where it has none. */
  values: readonly unknown[]
  differs: boolean
  /** Where the best value stands; null where there is no single one. */
  best: number | null
  aim: Aim | null
}

export function rowsOf(sides: readonly Side[], directions: Readonly<Record<string, Aim>>, order: readonly string[]): Row[] {
  return SECTIONS.flatMap((section) => {
    const rows = allRows(sides.map((side) => withoutNull(side[section]))).map((row): Row => {
      const aim = section === 'metrics' && isJudging(row.key) ? (directions[row.key] ?? 'min') : null
      return { key: `${section}:${row.key}`, section, name: row.key, values: row.values, differs: row.differs, best: aim ? bestOf(row.values, aim) : null, aim }
    })
    if (section !== 'metrics') return rows
    const place = (name: string): number => (order.indexOf(name) < 0 ? order.length : order.indexOf(name))
    return rows.sort((a, b) => place(a.name) - place(b.name))
  })
}

const withoutNull = (told: Readonly<Record<string, unknown>>): Record<string, unknown> => Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null))

/** The place of the one best number; none with fewer than two numbers, or where the best is shared. */
export function bestOf(values: readonly unknown[], aim: Aim): number | null {
  const numbers = values.map((value) => (typeof value === 'number' && Number.isFinite(value) ? value : null))
  const there = numbers.filter((value): value is number => value !== null)
  if (there.length < 2) return null
  const best = aim === 'min' ? Math.min(...there) : Math.max(...there)
  return there.filter((value) => value === best).length === 1 ? numbers.indexOf(best) : null
}

export interface Delta {
  absolute: number
  /** In hundredths of the baseline's size; null where that is zero. */
  percent: number | null
  better: boolean | null
}

/** How a value stands to the baseline's; null where one of the two is no number, or both are the same. */
export function deltaOf(value: unknown, base: unknown, aim: Aim | null): Delta | null {
  if (typeof value !== 'number' || typeof base !== 'number' || !Number.isFinite(value - base) || value === base) return null
  const absolute = value - base
  return { absolute, percent: base === 0 ? null : (100 * absolute) / Math.abs(base), better: aim === null ? null : aim === 'max' ? absolute > 0 : absolute < 0 }
}

export const signed = (value: number, format: (value: number) => string): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${format(Math.abs(value))}`

/** A value as the table shows it; numbers as metrics are. */
export function cellText(value: unknown, format: (value: number) => string): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'number' ? format(value) : shownValue(value)
}
