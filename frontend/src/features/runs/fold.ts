// What one live event changes in a batch or a job. Pure: a record and an event in, a new record (or the same) out.
// Every rule can meet the same event twice, or one that the record already includes, and ends the same.
import type { LiveEvent } from '@/api/live'
import type { Batch, Job, Progress } from './types'

const TRACE_LENGTH = 20
const NOT_METRICS = new Set(['epoch', 'step', 'total_epochs', 'train_epochs', 'epochs', 'n_epochs', 'seed'])

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const whole = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : null)

/** Numbers of a point. What is not a number in JSON (NaN, Infinity) arrives as null or text and stays a gap. */
export function numericValues(data: Readonly<Record<string, unknown>>): Record<string, number | null> {
  const values: Record<string, number | null> = {}
  for (const [name, value] of Object.entries(data)) {
    if (NOT_METRICS.has(name)) continue
    if (typeof value === 'number') values[name] = Number.isFinite(value) ? value : null
    else if (value === null || value === 'NaN' || value === 'Infinity' || value === '-Infinity') values[name] = null
  }
  return values
}

export function failureText(data: Readonly<Record<string, unknown>>): string | null {
  return text(data.error) ?? text(data.reason)
}

/** A batch that the page has not read yet, as far as its first event tells. */
export function batchFromEvent(event: LiveEvent): Batch {
  return {
    id: event.batch_id,
    experiment_type: text(event.data.experiment_type),
    project: event.source.project,
    user: event.source.user,
    host: event.source.host,
    command: text(event.data.command) ?? event.source.command,
    n_total: whole(event.data.n_total_jobs),
    n_done: 0,
    n_failed: 0,
    status: 'running',
    start_time: event.timestamp,
    end_time: null,
    env_snapshot: null,
    source_batch_id: null,
    name: null,
    owner_id: null,
    owner: null,
    n_jobs: 0,
    completion_pct: null,
    last_event_at: event.timestamp,
    is_stalled: false,
    divergent: false,
    is_idle: false,
    error: null,
    stop_requested_at: null,
    pause_requested_at: null,
    pause_requested_by: null,
    paused_at: null,
    paused_s: 0,
    checkpoint: null,
    can_edit: true,
  }
}

export function foldBatch(batch: Batch, event: LiveEvent): Batch {
  const { data } = event
  const seen = { last_event_at: event.timestamp }
  switch (event.event_type) {
    case 'batch_summary':
      return {
        ...batch,
        status: text(data.status) ?? batch.status,
        n_total: 'n_total' in data ? whole(data.n_total) : batch.n_total,
        n_done: whole(data.n_done) ?? batch.n_done,
        n_failed: whole(data.n_failed) ?? batch.n_failed,
        start_time: text(data.start_time) ?? batch.start_time,
        end_time: 'end_time' in data ? text(data.end_time) : batch.end_time,
        last_event_at: text(data.last_event_at) ?? batch.last_event_at,
        is_stalled: data.is_stalled === true,
        divergent: data.divergent === true,
        pause_requested_at: 'pause_requested_at' in data ? text(data.pause_requested_at) : batch.pause_requested_at,
        paused_at: 'paused_at' in data ? text(data.paused_at) : batch.paused_at,
        paused_s: whole(data.paused_s) ?? batch.paused_s,
        n_jobs: whole(data.n_jobs) ?? batch.n_jobs,
      }
    case 'batch_start': {
      const started = batchFromEvent(event)
      if (batch.status === 'done') return { ...batch, project: started.project, ...seen }
      return {
        ...batch,
        project: started.project,
        user: started.user ?? batch.user,
        host: started.host ?? batch.host,
        command: started.command ?? batch.command,
        experiment_type: started.experiment_type ?? batch.experiment_type,
        n_total: 'n_total_jobs' in data ? started.n_total : batch.n_total,
        start_time: batch.start_time ?? event.timestamp,
        status: 'running',
        end_time: null,
        is_stalled: false,
        ...wentOn(batch, event),
        ...seen,
      }
    }
    case 'batch_done':
    case 'batch_failed': {
      const failed = event.event_type === 'batch_failed'
      const wasStopping = batch.status === 'stopping' || batch.status === 'stopped'
      return {
        ...batch,
        status: wasStopping ? 'stopped' : failed ? 'failed' : 'done',
        end_time: event.timestamp,
        n_done: whole(data.n_done) ?? batch.n_done,
        n_failed: whole(data.n_failed) ?? batch.n_failed,
        error: failed ? failureText(data) : batch.error,
        is_stalled: false,
        pause_requested_at: null,
        ...seen,
      }
    }
    case 'batch_stop_requested':
      return { ...batch, status: 'stopping', stop_requested_at: text(data.requested_at) ?? event.timestamp, pause_requested_at: null }
    case 'batch_stopped':
      return { ...batch, status: 'stopped', end_time: text(data.end_time) ?? event.timestamp, is_stalled: false, pause_requested_at: null, paused_at: null }
    case 'batch_pause_requested':
      return { ...batch, pause_requested_at: text(data.requested_at) ?? event.timestamp, pause_requested_by: text(data.requested_by) ?? batch.pause_requested_by }
    case 'batch_paused':
      return { ...batch, status: 'paused', paused_at: event.timestamp, pause_requested_at: null, is_stalled: false, checkpoint: isRecord(data.checkpoint) ? data.checkpoint : batch.checkpoint }
    case 'batch_resumed':
      return batch.status === 'paused' ? { ...batch, status: 'running', ...wentOn(batch, event) } : batch
    case 'job_checkpoint':
      return { ...batch, ...seen, is_stalled: false, checkpoint: { ...data, job_id: event.job_id, at: event.timestamp } }
    case 'batch_stalled':
      return { ...batch, status: 'stalled', is_stalled: true }
    case 'job_start':
    case 'job_epoch':
    case 'job_step':
    case 'job_done':
    case 'job_failed':
      return { ...batch, ...seen, is_stalled: false }
    default:
      return batch
  }
}

/** A pause that is over counts; told twice it counts once, for then there is none. */
function wentOn(batch: Batch, event: LiveEvent): Pick<Batch, 'paused_at' | 'paused_s'> {
  return { paused_at: null, paused_s: batch.paused_s + secondsBetween(batch.paused_at, event.timestamp) }
}

function secondsBetween(from: string | null, to: string): number {
  const seconds = Math.round((Date.parse(to) - Date.parse(from ?? '')) / 1000)
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0
}

export function emptyJob(event: LiveEvent): Job {
  return {
    id: event.job_id ?? '',
    batch_id: event.batch_id,
    model: null,
    dataset: null,
    status: 'running',
    start_time: event.timestamp,
    end_time: null,
    elapsed_s: null,
    paused_s: 0,
    metrics: null,
    is_idle_flagged: false,
    avg_batch_time_ms: null,
    gpu_memory_peak_mb: null,
    n_params: null,
    run_dir: null,
    reason: null,
    last_epoch: null,
    latest: null,
  }
}

export function foldJob(job: Job, event: LiveEvent): Job {
  const { data } = event
  switch (event.event_type) {
    case 'job_start': {
      const wasPaused = job.status === 'paused'
      return {
        ...job,
        model: text(data.model) ?? job.model,
        dataset: text(data.dataset) ?? job.dataset,
        status: 'running',
        start_time: wasPaused ? job.start_time : event.timestamp,
        paused_s: wasPaused ? job.paused_s + secondsBetween(job.end_time, event.timestamp) : 0,
        end_time: null,
        reason: null,
      }
    }
    case 'job_epoch':
      return { ...job, progress: foldProgress(job.progress, data), last_epoch: Math.max(job.last_epoch ?? 0, whole(data.epoch) ?? 0) }
    case 'job_done':
      return {
        ...job,
        status: (text(data.status) ?? 'done').toLowerCase(),
        end_time: event.timestamp,
        elapsed_s: whole(data.elapsed_s) ?? job.elapsed_s,
        metrics: isRecord(data.metrics) ? data.metrics : job.metrics,
      }
    case 'job_failed':
      return {
        ...job,
        status: 'failed',
        end_time: event.timestamp,
        elapsed_s: whole(data.elapsed_s) ?? job.elapsed_s,
        reason: failureText(data) ?? job.reason,
      }
    case 'job_idle_flagged':
      return { ...job, is_idle_flagged: true }
    case 'job_idle_recovered':
      return { ...job, is_idle_flagged: false }
    default:
      return job
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function foldProgress(before: Progress | undefined, data: Readonly<Record<string, unknown>>): Progress | undefined {
  const epoch = whole(data.epoch)
  if (epoch === null) return before
  const values = numericValues(data)
  const main = values[mainMetric(Object.keys(values)) ?? '']
  const trace = before?.trace ?? []
  if (before && epoch < before.epoch) return before
  const kept = before && epoch === before.epoch ? trace.slice(0, -1) : trace
  return {
    epoch,
    values: { ...before?.values, ...values },
    trace: typeof main === 'number' ? [...kept, main].slice(-TRACE_LENGTH) : kept,
  }
}

/** The curve that tells most about a job at a glance. */
export function mainMetric(names: readonly string[]): string | undefined {
  return (
    names.find((name) => name === 'val_loss') ??
    names.find((name) => name === 'train_loss' || name === 'loss') ??
    names.find((name) => /loss/i.test(name)) ??
    names.find((name) => name !== 'lr')
  )
}
