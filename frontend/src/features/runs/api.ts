import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type EpochPoint = components['schemas']['EpochPoint']
export type BatchResources = components['schemas']['BatchResources']

export interface BatchFilter {
  scope?: string
  project?: string
  status?: string
  limit?: number
}

const path = (batchId: string) => ({ params: { path: { batch_id: batchId } } })
const jobPath = (batchId: string, jobId: string) => ({ params: { path: { batch_id: batchId, job_id: jobId } } })

export const listBatches = (query: BatchFilter) => ok(client.GET('/api/batches', { params: { query } }))

export const listCompact = (query: BatchFilter) =>
  ok(client.GET('/api/batches/compact', { params: { query: { ...query, resource_limit: 1 } } }))

export const getBatch = (id: string) => ok(client.GET('/api/batches/{batch_id}', path(id)))
export const getJobs = (id: string) => ok(client.GET('/api/batches/{batch_id}/jobs', path(id)))
export const getLatestEpochs = (id: string) => ok(client.GET('/api/batches/{batch_id}/epochs/latest', path(id)))
export const getBatchResources = (id: string) => ok(client.GET('/api/batches/{batch_id}/resources', path(id)))
export const stopBatch = (id: string) => ok(client.POST('/api/batches/{batch_id}/stop', path(id)))

export const getBatchLog = (id: string, limit: number) =>
  ok(client.GET('/api/batches/{batch_id}/log-lines', { params: { path: { batch_id: id }, query: { limit } } }))

export const getJob = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}', jobPath(batchId, jobId)))
export const getEpochs = (batchId: string, jobId: string) =>
  ok(client.GET('/api/jobs/{batch_id}/{job_id}/epochs', jobPath(batchId, jobId)))
export const getJobEta = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}/eta', jobPath(batchId, jobId)))

export const getJobLog = (batchId: string, jobId: string, limit: number) =>
  ok(
    client.GET('/api/jobs/{batch_id}/{job_id}/log-lines', {
      params: { path: { batch_id: batchId, job_id: jobId }, query: { limit } },
    }),
  )
