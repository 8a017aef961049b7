// What on this dashboard may need its reader: runs that stand still or diverge, recent failures, machines in trouble.
import { isDiskLow, isHot, type HostCardData } from '@/features/hosts'
import type { Batch } from '@/features/runs'
import type { ActivityItem } from './api'

export interface Attention {
  key: string
  kind: 'stalled' | 'divergent' | 'job_failed' | 'batch_failed' | 'hot' | 'disk'
  batchId?: string
  jobId?: string
  host?: string
  time?: string | null
  text?: string
}

const DAY_MS = 86_400_000
const MOST = 8

export function needsAttention(running: readonly Batch[], activity: readonly ActivityItem[], hosts: readonly HostCardData[], now: number): Attention[] {
  const still = running
    .filter((batch) => batch.is_stalled || batch.divergent || batch.status === 'stalled' || batch.status === 'divergent')
    .map((batch): Attention => {
      const kind = batch.divergent || batch.status === 'divergent' ? 'divergent' : 'stalled'
      return { key: `${kind} ${batch.id}`, kind, batchId: batch.id, time: batch.last_event_at ?? batch.start_time }
    })
  const failures = activity
    .filter((item) => (item.event_type === 'job_failed' || item.event_type === 'batch_failed') && now - Date.parse(item.timestamp) < DAY_MS)
    .map(
      (item): Attention => ({
        key: `${item.event_type} ${item.batch_id} ${item.job_id ?? ''}`,
        kind: item.event_type as 'job_failed' | 'batch_failed',
        batchId: item.batch_id,
        jobId: item.job_id ?? undefined,
        time: item.timestamp,
        // The title says already who failed: keep the reason.
        text: item.summary.replace(/^(?:Job|Batch) .*? failed: /, ''),
      }),
    )
  const machines = hosts.flatMap((host): Attention[] => [
    ...(isHot(host) ? [{ key: `hot ${host.host}`, kind: 'hot' as const, host: host.host, time: host.last_seen }] : []),
    ...(isDiskLow(host) ? [{ key: `disk ${host.host}`, kind: 'disk' as const, host: host.host, time: host.last_seen }] : []),
  ])
  const unique = new Map([...still, ...failures, ...machines].map((item) => [item.key, item]))
  return [...unique.values()].slice(0, MOST)
}
