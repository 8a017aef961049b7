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
/** Whether a pause can be asked for: there is a process that could save itself. */
export const isPausable = (status: string | null | undefined): boolean => PAUSABLE.has(status ?? '')
