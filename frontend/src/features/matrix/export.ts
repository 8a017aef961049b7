// Boards as files, made by the server.
import { client, ok } from '@/api/client'
import type { BoardPlace, BoardQuery } from './types'

export const FORMATS = ['csv', 'jsonl', 'parquet', 'latex', 'markdown'] as const
export type Format = (typeof FORMATS)[number]

const ENDINGS: Record<Format, string> = { csv: 'csv', jsonl: 'jsonl', parquet: 'parquet', latex: 'tex', markdown: 'md' }

export interface ExportedFile {
  content: Blob
  name: string
}

export async function exportBoard(kind: 'matrix' | 'leaderboard', place: BoardPlace, format: Format, board: BoardQuery): Promise<ExportedFile> {
  const query = { ...board, format }
  const parseAs = 'blob' as const
  const of = place.batchId ?? place.project ?? ''
  const path = { project: place.project ?? '' }
  const answer = place.batchId
    ? client.GET('/api/batches/{batch_id}/matrix/export', { params: { path: { batch_id: place.batchId }, query }, parseAs })
    : kind === 'matrix'
      ? client.GET('/api/projects/{project}/matrix/export', { params: { path, query }, parseAs })
      : client.GET('/api/projects/{project}/leaderboard/export', { params: { path, query }, parseAs })
  const content = (await ok<unknown>(answer)) as Blob
  return { content, name: `${of.replace(/[\\/ "]/g, '_')}_${kind}.${ENDINGS[format]}` }
}
