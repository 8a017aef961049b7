// Summaries of projects are sums over their batches: read again, at most once in a while, when a batch or job changes.
import { onLiveEvents } from '@/api/hub'

const AGAIN_MS = 2_000
const CHANGES = new Set(['batch_start', 'batch_done', 'batch_failed', 'batch_stopped', 'job_done', 'job_failed'])

export function refreshOnChanges(refresh: () => Promise<void>, concerns: (project: string) => boolean): void {
  let planned: ReturnType<typeof setTimeout> | undefined
  onLiveEvents((events) => {
    if (!events.some((event) => CHANGES.has(event.event_type) && concerns(event.source.project))) return
    planned ??= setTimeout(() => {
      planned = undefined
      void refresh()
    }, AGAIN_MS)
  })
}
