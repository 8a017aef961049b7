// A line as the stream brings it.
import type { LiveEvent } from '@/api/live'
import type { LogRow, LogSource } from './api'

const textOf = (value: unknown): string | null => (value === undefined || value === null ? null : typeof value === 'string' ? value : JSON.stringify(value))

export function lineOf(event: LiveEvent, { batchId, jobId }: LogSource): Omit<LogRow, 'n'> | null {
  if (event.event_type !== 'log_line' || event.batch_id !== batchId) return null
  if (jobId !== undefined && event.job_id !== jobId) return null
  const { stream, dropped } = event.data
  return {
    id: null,
    event_id: event.event_id,
    ts: event.timestamp,
    job_id: event.job_id,
    level: textOf(event.data.level) || 'info',
    stream: stream === 'stdout' || stream === 'stderr' ? stream : null,
    dropped: typeof dropped === 'number' && dropped > 0 ? dropped : null,
    line: textOf(event.data.line) ?? textOf(event.data.message) ?? '',
  }
}
