import { client, ok } from '@/api/client'

export const readJobEta = (batchId: string, jobId: string) =>
  ok(client.GET('/api/jobs/{batch_id}/{job_id}/eta', { params: { path: { batch_id: batchId, job_id: jobId } } }))
