// Status words of batches and jobs, in five buckets that a reader can tell apart.

export type Bucket = 'running' | 'failed' | 'stalled' | 'waiting' | 'finished'

const BUCKETS: Record<string, Bucket> = {
  running: 'running',
  in_progress: 'running',
  failed: 'failed',
  error: 'failed',
  stalled: 'stalled',
  divergent: 'stalled',
  pending: 'waiting',
  queued: 'waiting',
  requested: 'waiting',
  paused: 'waiting',
}

export function bucketOf(status: string | null | undefined): Bucket {
  return BUCKETS[(status ?? '').toLowerCase()] ?? 'finished'
}

const LIVE = new Set(['running', 'in_progress', 'pending', 'requested', 'queued', 'stopping', 'stalled', 'divergent', 'paused'])
const STOPPABLE = new Set(['running', 'stalled', 'divergent', 'requested', 'pending', 'paused'])

const PAUSABLE = new Set(['running', 'in_progress', 'stalled'])

/** True while more events may be expected. */
export const isLive = (status: string | null | undefined): boolean => status == null || LIVE.has(status)
export const isStoppable = (status: string | null | undefined): boolean => status == null || STOPPABLE.has(status)
/** Whether it is to end and has not: one that fell silent after it was asked to is still to end. */
export const isStopping = (batch: { status: string | null; stop_requested_at: string | null }): boolean =>
  batch.status === 'stopping' || (batch.status !== 'paused' && isLive(batch.status) && batch.stop_requested_at !== null)
/** Whether a pause can be asked for: there is a process that could save itself. */
export const isPausable = (status: string | null | undefined): boolean => PAUSABLE.has(status ?? '')
