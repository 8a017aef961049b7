// Files of a list: how they are called, and the condition that finds exactly the picked rows.
import type { ExportFormat } from './api'
import type { Row } from './rows'
import { quoted, type Source } from './where'

const ENDINGS: Readonly<Record<ExportFormat, string>> = { csv: 'csv', jsonl: 'jsonl', parquet: 'parquet', latex: 'tex', markdown: 'md' }
// What one query holds: values of a list, and conditions.
const MOST_VALUES = 200
const MOST_BATCHES = 45

export const fileName = (source: Source, format: ExportFormat, day: string): string => `${source}-${day}.${ENDINGS[format]}`

/** A condition that these rows alone fulfil; null where they are too many to be named. */
export function whereOfRows(rows: readonly Row[], source: Source): string | null {
  if (source === 'batches') return rows.length > MOST_VALUES ? null : `id in (${rows.map((row) => quoted(row.batchId)).join(', ')})`
  const byBatch = new Map<string, string[]>()
  for (const row of rows) byBatch.set(row.batchId, [...(byBatch.get(row.batchId) ?? []), row.jobId ?? ''])
  if (byBatch.size > MOST_BATCHES || [...byBatch.values()].some((ids) => ids.length > MOST_VALUES)) return null
  return [...byBatch].map(([batch, ids]) => `(batch = ${quoted(batch)} and id in (${ids.map(quoted).join(', ')}))`).join(' or ')
}
