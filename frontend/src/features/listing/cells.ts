// What the cells of a row say, and where they lead. Pure.
import { bucketOf, directionOf, type Batch } from '@/features/runs'
import { parseTime, shortenMiddle } from '@/shared/i18n/format'
import type { Row } from './rows'

export interface Cell {
  name: string
  text: string
  /** Before the text, and quieter: which metric a result is of. */
  lead?: string
  href?: string
  title?: string
  /** The time whose age the text tells, as the server wrote it. */
  time?: string
  isFaint?: boolean
  isMono?: boolean
  /** Shown as its progress, instead of a text. */
  batch?: Batch
}

/** How numbers and times are said in the reader's language, and where things have their pages. */
export interface Manner {
  now: number
  metric: (value: number | null) => string
  duration: (seconds: number | null) => string
  relative: (then: number, now: number) => string
  href: (page: 'batch' | 'project' | 'host', id: string) => string
}

const NONE = '–'
const timeOf = (value: unknown): number | null => (typeof value === 'string' ? parseTime(value) : null)
// Longer ones may not fit in their column.
const SURELY_FITS = 18

export const cellsOf = (row: Row, names: readonly string[], manner: Manner): Cell[] => names.map((name) => ({ name, ...told(row, name, manner) }))

/** Whether drawing `next` in the place of `cells` would change anything. */
export const isSame = (cells: readonly Cell[], next: readonly Cell[]): boolean =>
  cells.length === next.length && cells.every((cell, at) => PARTS.every((part) => cell[part] === next[at]?.[part]))

const PARTS: readonly (keyof Cell)[] = ['name', 'text', 'lead', 'href', 'title', 'time', 'isFaint', 'isMono', 'batch']

function told(row: Row, name: string, manner: Manner): Omit<Cell, 'name'> {
  const { fields } = row
  const value = fields[name]
  switch (name) {
    case 'started':
    case 'ended':
    case 'heard':
      return age(value, manner)
    case 'elapsed':
      return { text: manner.duration(elapsed(row, manner.now)) }
    case 'result':
      return result(fields, manner)
    case 'batch':
      return { text: text(fields.batch_name ?? shortenMiddle(row.batchId, SURELY_FITS), manner), href: manner.href('batch', row.batchId), title: row.batchId, isMono: !fields.batch_name }
    case 'project':
    case 'host':
      if (value) return { text: String(value), href: manner.href(name, String(value)) }
      break
    case 'progress':
      if (row.batch) return { text: '', batch: row.batch }
  }
  const said = text(value, manner)
  return { text: said, title: said.length > SURELY_FITS ? said : undefined, isFaint: value === null || value === undefined }
}

function age(value: unknown, { now, relative }: Manner): Omit<Cell, 'name'> {
  const at = timeOf(value)
  return at === null ? { text: NONE, isFaint: true } : { text: relative(at, now), time: value as string }
}

/** Of a batch from its start to its end, or to now; a job that ended tells it itself. */
function elapsed({ fields, batch }: Row, now: number): number | null {
  const value = typeof fields.elapsed === 'number' ? fields.elapsed : null
  if (!batch && bucketOf(String(fields.status)) !== 'running') return value
  const start = timeOf(fields.started)
  return start === null ? null : Math.max(0, ((timeOf(fields.ended) ?? now) - start) / 1000)
}

/** The result that tells most: one whose direction is known, before times and sizes. */
function result(fields: Row['fields'], { metric }: Manner): Omit<Cell, 'name'> {
  const names = Object.keys(fields).filter((name) => name.startsWith('metrics.') && typeof fields[name] === 'number')
  const plain = names.map((name) => name.slice('metrics.'.length))
  const name = plain.find((one) => directionOf(one).sure) ?? plain[0]
  return name === undefined ? { text: NONE, isFaint: true } : { text: metric(fields[`metrics.${name}`] as number), lead: name }
}

function text(value: unknown, manner: Manner): string {
  if (value === null || value === undefined || value === '') return NONE
  if (typeof value === 'number') return manner.metric(value)
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map((one) => text(one, manner)).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
