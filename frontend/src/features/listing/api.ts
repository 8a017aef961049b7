import { client, ok } from '@/api/client'
import type { components, paths } from '@/api/schema.gen'
import type { Source } from './where'

export type Question = components['schemas']['JobQuery']
export type QueryResult = paths['/api/query']['post']['responses'][200]['content']['application/json']
export type Scope = 'mine' | 'shared' | 'all'
export type BulkDeleted = components['schemas']['BulkDeleted']

export const ask = (body: Question): Promise<QueryResult> => ok(client.POST('/api/query', { body }))
export const readFields = (source: Source) => ok(client.GET('/api/query/fields', { params: { query: { from: source } } }))

// So many the server takes at once.
const AT_ONCE = 500

async function inParts<T>(items: readonly T[], send: (part: T[]) => Promise<BulkDeleted>): Promise<BulkDeleted> {
  const done: BulkDeleted = { deleted: [], skipped: [] }
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const part = await send(items.slice(at, at + AT_ONCE))
    done.deleted.push(...part.deleted)
    done.skipped.push(...part.skipped)
  }
  return done
}

export const deleteBatches = (ids: readonly string[]): Promise<BulkDeleted> =>
  inParts(ids, (batch_ids) => ok(client.POST('/api/batches/bulk-delete', { body: { batch_ids } })))

export const deleteJobs = (jobs: readonly { batch_id: string; job_id: string }[]): Promise<BulkDeleted> =>
  inParts(jobs, (items) => ok(client.POST('/api/jobs/bulk-delete', { body: { items } })))

export const EXPORTS = ['csv', 'jsonl', 'parquet', 'latex', 'markdown'] as const
export type ExportFormat = (typeof EXPORTS)[number]

/** All that a query finds, as a file. */
export const exportAll = (body: Question, format: ExportFormat): Promise<Blob> =>
  ok(client.POST('/api/query/export', { body: { ...body, format }, parseAs: 'blob' }) as Promise<{ data?: Blob; error?: unknown; response: Response }>)
