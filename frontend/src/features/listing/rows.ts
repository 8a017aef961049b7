// Rows of a list: what a query found, by the names that its language has, kept true by the live stream. Pure.
import type { components } from '@/api/schema.gen'
import type { LiveEvent } from '@/api/live'
import type { Batch } from '@/features/runs'

export type FoundJob = components['schemas']['FoundJob']
export type FoundBatch = components['schemas']['FoundBatch']
export type Group = components['schemas']['JobGroup']

export interface Row {
  key: string
  batchId: string
  /** Null in a list of batches. */
  jobId: string | null
  /** By the names of fields. */
  fields: Readonly<Record<string, unknown>>
  batch?: Batch
}

export const keyOf = (batchId: string, jobId: string | null): string => (jobId === null ? batchId : `${batchId}\n${jobId}`)

const metricsOf = (metrics: Readonly<Record<string, unknown>> | null | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(metrics ?? {}).map(([name, value]) => [`metrics.${name}`, value]))

export function ofJob({ values, metrics, ...plain }: FoundJob): Row {
  return { key: keyOf(plain.batch, plain.id), batchId: plain.batch, jobId: plain.id, fields: { ...plain, ...metricsOf(metrics), ...values } }
}

export function ofBatch({ batch, values }: FoundBatch): Row {
  return { key: batch.id, batchId: batch.id, jobId: null, batch, fields: { ...values, ...fieldsOf(batch) } }
}

/** What the live stream changes in a batch, under the names of the language. */
export const fieldsOf = (batch: Batch): Record<string, unknown> => ({
  id: batch.id,
  name: batch.name,
  project: batch.project,
  status: batch.status,
  type: batch.experiment_type,
  host: batch.host,
  user: batch.user,
  owner: batch.owner,
  command: batch.command,
  error: batch.error,
  started: batch.start_time,
  ended: batch.end_time,
  heard: batch.last_event_at,
  total: batch.n_total,
  jobs: batch.n_jobs,
  done: batch.n_done,
  failed: batch.n_failed,
})

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

export function foldJobRow(row: Row, event: LiveEvent): Row {
  const { data } = event
  const change = (fields: Record<string, unknown>): Row => ({ ...row, fields: { ...row.fields, ...fields } })
  switch (event.event_type) {
    case 'job_start':
      return change({ status: 'running', started: event.timestamp, ended: null, elapsed: null, reason: null })
    case 'job_epoch':
      return change({ epoch: Math.max(number(row.fields.epoch) ?? 0, number(data.epoch) ?? 0) })
    case 'job_done':
      return change({
        status: typeof data.status === 'string' ? data.status.toLowerCase() : 'done',
        ended: event.timestamp,
        elapsed: number(data.elapsed_s) ?? row.fields.elapsed,
        ...metricsOf(data.metrics as Record<string, unknown> | null),
      })
    case 'job_failed':
      return change({ status: 'failed', ended: event.timestamp, elapsed: number(data.elapsed_s) ?? row.fields.elapsed, reason: data.error ?? data.reason ?? row.fields.reason })
    default:
      return row
  }
}

/** The rows after events, the same array where nothing changed. */
export function foldJobRows(rows: readonly Row[], events: readonly LiveEvent[], places: ReadonlyMap<string, number>): readonly Row[] {
  let next: Row[] | null = null
  for (const event of events) {
    const at = places.get(keyOf(event.batch_id, event.job_id ?? ''))
    const row = at === undefined ? undefined : (next ?? rows)[at]
    if (at === undefined || !row) continue
    const folded = foldJobRow(row, event)
    if (folded === row) continue
    next ??= [...rows]
    next[at] = folded
  }
  return next ?? rows
}
