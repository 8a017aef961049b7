// What live events and later answers do to the rows on screen. Pure: no row ever moves or leaves by itself.
import type { LiveEvent } from '@/api/live'
import { foldJob } from '@/features/runs'
import type { JobFilter, JobItem } from './api'

export const keyOf = (batchId: string, jobId: string | null): string => `${batchId}\n${jobId ?? ''}`
const keyOfItem = (item: JobItem): string => keyOf(item.job.batch_id, item.job.id)

/** The rows after events, the same array where nothing changed. */
export function foldRows(rows: readonly JobItem[], events: readonly LiveEvent[]): readonly JobItem[] {
  let next: JobItem[] | null = null
  for (const event of events) {
    const key = keyOf(event.batch_id, event.job_id)
    const at = (next ?? rows).findIndex((row) => keyOfItem(row) === key)
    const row = (next ?? rows)[at]
    if (!row) continue
    next ??= [...rows]
    next[at] = { ...row, job: foldJob(row.job, event) }
  }
  return next ?? rows
}

/** Rows keep their places and take what a newer answer says; `fresh` are the ones of the answer that are not shown. */
export function mergeRows(rows: readonly JobItem[], answer: readonly JobItem[]): { rows: JobItem[]; fresh: string[] } {
  const read = new Map(answer.map((item) => [keyOfItem(item), item]))
  const shown = new Set(rows.map(keyOfItem))
  return { rows: rows.map((row) => read.get(keyOfItem(row)) ?? row), fresh: [...read.keys()].filter((key) => !shown.has(key)) }
}

/** Whether a job that starts now belongs into a list with this filter. */
export function belongs(event: LiveEvent, filter: JobFilter): boolean {
  if (event.event_type !== 'job_start' || event.job_id === null) return false
  if (filter.status && filter.status !== 'running') return false
  if (filter.project && filter.project !== event.source.project) return false
  if (filter.host && filter.host !== event.source.host) return false
  const text = [event.job_id, event.data.model, event.data.dataset].join('\n').toLowerCase()
  return text.includes((filter.q ?? '').toLowerCase())
}
