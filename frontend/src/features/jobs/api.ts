import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Crash = components['schemas']['CrashOut']
export type Detail = components['schemas']['JobDetail']
export type Timeline = components['schemas']['JobTimeline']
export type Moment = components['schemas']['Moment']
export type Neighbours = components['schemas']['Neighbours']
export type Neighbour = components['schemas']['NeighbourJob']

const path = (batchId: string, jobId: string) => ({ params: { path: { batch_id: batchId, job_id: jobId } } })

export const readBatchCrash = (batchId: string) => ok(client.GET('/api/batches/{batch_id}/crash', { params: { path: { batch_id: batchId } } }))
export const readCrash = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}/crash', path(batchId, jobId)))
export const readDetail = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}', path(batchId, jobId)))
export const readTimeline = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}/timeline', path(batchId, jobId)))
export const readNeighbours = (batchId: string, jobId: string) => ok(client.GET('/api/jobs/{batch_id}/{job_id}/neighbours', path(batchId, jobId)))
export const readPins = () => ok(client.GET('/api/pins'))
export const findJobs = (q: string) => ok(client.GET('/api/jobs', { params: { query: { q, page_size: 20 } } }))
export const readBatch = (batchId: string) => ok(client.GET('/api/batches/{batch_id}', { params: { path: { batch_id: batchId } } }))
export const readJobsOf = (batchId: string) => ok(client.GET('/api/batches/{batch_id}/jobs', { params: { path: { batch_id: batchId } } }))
