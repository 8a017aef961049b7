// The columns of a list: which there are without asking, how wide they are, which the server must be asked for.
import type { Source } from './where'

/** Shown when the address names none. The name of a row and its status are always there. */
export const DEFAULT_COLUMNS: Readonly<Record<Source, readonly string[]>> = {
  jobs: ['batch', 'project', 'host', 'epoch', 'result', 'started', 'elapsed'],
  batches: ['project', 'progress', 'host', 'owner', 'started', 'elapsed'],
}
/** What is known of each row besides columns that are asked for. */
const TOLD: Readonly<Record<Source, ReadonlySet<string>>> = {
  jobs: new Set(['id', 'batch', 'project', 'status', 'model', 'dataset', 'host', 'owner', 'started', 'ended', 'elapsed', 'result']),
  batches: new Set(['id', 'name', 'project', 'status', 'type', 'host', 'user', 'owner', 'command', 'error', 'started', 'ended', 'heard', 'total', 'jobs', 'done', 'failed', 'progress', 'elapsed']),
}
const ALWAYS: Readonly<Record<Source, readonly string[]>> = { jobs: ['reason', 'epoch', 'batch_name'], batches: [] }
/** Ours, of several fields: the list cannot be sorted by them. */
const MADE: Readonly<Record<Source, readonly string[]>> = { jobs: ['result'], batches: ['progress'] }

const WIDTHS: Readonly<Record<string, number>> = {
  status: 112, batch: 152, project: 112, host: 96, owner: 92, user: 92, epoch: 68, result: 128, started: 104, ended: 104, heard: 104, elapsed: 128, progress: 168,
  total: 72, jobs: 72, done: 72, failed: 72, model: 120, dataset: 120, tags: 136, reason: 220, error: 220, command: 220, type: 112,
}
const USUAL = 128
export const NAME_WIDTH = 200

export const widthOf = (name: string): number => WIDTHS[name] ?? USUAL
export const isSortable = (name: string, source: Source): boolean => name !== 'tags' && !MADE[source].includes(name)

/** The columns that the server must be asked for. Final metrics come with each job; of batches they are the best of their jobs. */
export function askedOf(columns: readonly string[], source: Source): string[] {
  const isTold = (name: string): boolean => TOLD[source].has(name) || (source === 'jobs' && name.startsWith('metrics.'))
  return [...new Set([...ALWAYS[source], ...columns.filter((name) => !isTold(name))])]
}

export const isNumeric = (name: string): boolean =>
  ['epoch', 'elapsed', 'started', 'ended', 'heard', 'total', 'jobs', 'done', 'failed', 'result'].includes(name) || /^(metrics|latest|min|max)\./.test(name)

/** The sort that a press on a column's head turns to: up, down, none. */
export function nextSort(sort: string, name: string): string {
  const isDownFirst = isNumeric(name) && name !== 'epoch'
  const [first, second] = isDownFirst ? [`-${name}`, name] : [name, `-${name}`]
  return sort === first ? second : sort === second ? '' : first
}
