import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type LogPage = components['schemas']['LogPage']
type ReadRow = components['schemas']['LogRow']

/** A line; one that came by the stream has no id until its page is read. */
export interface LogRow extends Omit<ReadRow, 'id'> {
  id: number | null
}

/** Whose lines: those of a batch, or of one job of it. */
export interface LogSource {
  batchId: string
  jobId?: string
}

export interface LogQuery {
  line?: number
  before?: number
  around?: number
  at?: string
  limit?: number
  level?: string
  q?: string
}

export function readLog({ batchId, jobId }: LogSource, query: LogQuery): Promise<LogPage> {
  if (jobId === undefined) return ok(client.GET('/api/batches/{batch_id}/log', { params: { path: { batch_id: batchId }, query } }))
  return ok(client.GET('/api/jobs/{batch_id}/{job_id}/log', { params: { path: { batch_id: batchId, job_id: jobId }, query } }))
}

/** The whole log as a file. */
export function readLogFile({ batchId, jobId }: LogSource): Promise<Blob> {
  const answer =
    jobId === undefined
      ? client.GET('/api/batches/{batch_id}/log.txt', { params: { path: { batch_id: batchId } }, parseAs: 'blob' })
      : client.GET('/api/jobs/{batch_id}/{job_id}/log.txt', { params: { path: { batch_id: batchId, job_id: jobId } }, parseAs: 'blob' })
  return ok(answer) as Promise<Blob>
}
