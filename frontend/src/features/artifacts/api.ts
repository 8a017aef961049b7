import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Artifact = components['schemas']['ArtifactOut']
export type PreviewSize = 128 | 256 | 1024

export const listOfJob = (batchId: string, jobId: string, after = 0) =>
  ok(client.GET('/api/jobs/{job_id}/artifacts', { params: { path: { job_id: jobId }, query: { batch_id: batchId, after } } }))

export const listOfBatch = (batchId: string, after = 0) =>
  ok(client.GET('/api/batches/{batch_id}/artifacts', { params: { path: { batch_id: batchId }, query: { jobs: true, after } } }))

export const readPreview = (id: number, size: PreviewSize): Promise<Blob> =>
  ok(client.GET('/api/artifacts/{artifact_id}/thumbnail', { params: { path: { artifact_id: id }, query: { size } }, parseAs: 'blob' })) as Promise<Blob>

export const readFile = (id: number): Promise<Blob> =>
  ok(client.GET('/api/artifacts/{artifact_id}', { params: { path: { artifact_id: id } }, parseAs: 'blob' })) as Promise<Blob>

/** The beginning of a file. */
export const readBeginning = (id: number, bytes: number): Promise<Blob> =>
  ok(client.GET('/api/artifacts/{artifact_id}', { params: { path: { artifact_id: id } }, headers: { Range: `bytes=0-${bytes - 1}` }, parseAs: 'blob' })) as Promise<Blob>
