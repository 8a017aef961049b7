import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type ScopeName = 'mine' | 'shared' | 'all'

export interface BatchFilter {
  scope?: ScopeName
  project?: string
  status?: string
  q?: string
  limit?: number
}

// More points than a chart has pixels tell nothing more; the server keeps the extremes.
const POINTS_OF_JOB = 2_000
const POINTS_OF_BATCH = 500

const path = (batchId: string) => ({ params: { path: { batch_id: batchId } } })
const jobPath = (batchId: string, jobId: string) => ({ params: { path: { batch_id: batchId, job_id: jobId } } })

export const listBatches = (query: BatchFilter) => ok(client.GET('/api/batches', { params: { query } }))

export const listCompact = (query: BatchFilter) =>
  ok(client.GET('/api/batches/compact', { params: { query: { ...query, resource_limit: 1 } } }))

export const getBatch = (id: string) => ok(client.GET('/api/batches/{batch_id}', path(id)))
export const getJobs = (id: string) => ok(client.GET('/api/batches/{batch_id}/jobs', path(id)))
export const getLatestEpochs = (id: string) => ok(client.GET('/api/batches/{batch_id}/epochs/latest', path(id)))
export const getBatchMetrics = (id: string) => ok(client.GET('/api/batches/{batch_id}/metrics', path(id)))
export const pauseBatch = (id: string) => ok(client.POST('/api/batches/{batch_id}/pause', path(id)))
export const resumeBatch = (id: string) => ok(client.POST('/api/batches/{batch_id}/resume', path(id)))
export const stopBatch = (id: string) => ok(client.POST('/api/batches/{batch_id}/stop', path(id)))

export const getBatchCurves = (id: string, metric: string) =>
  ok(client.GET('/api/batches/{batch_id}/curves', { params: { path: { batch_id: id }, query: { metric, points: POINTS_OF_BATCH } } }))

export const getJob = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}', jobPath(batchId, jobId)))
export const getJobEta = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}/eta', jobPath(batchId, jobId)))

export interface CurvePart {
  kind?: 'epoch' | 'step'
  from_step?: number
  to_step?: number
}

export const getJobCurves = (batchId: string, jobId: string, part: CurvePart = {}) =>
  ok(
    client.GET('/api/jobs/{batch_id}/{job_id}/metrics', {
      params: { path: { batch_id: batchId, job_id: jobId }, query: { points: POINTS_OF_JOB, ...part } },
    }),
  )

export type CurvesQuery = components['schemas']['MetricsQuery']
export type CurveBand = components['schemas']['CurveBand']
export type GroupResult = components['schemas']['GroupResult']

/** Curves of many jobs, and of groups of them. */
export const queryCurves = (query: Partial<CurvesQuery>) =>
  ok(client.POST('/api/metrics/query', { body: { series: [], groups: [], split: [], points: POINTS_OF_BATCH, ...query } }))
