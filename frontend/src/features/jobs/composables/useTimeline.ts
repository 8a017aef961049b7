// The life of a job, read anew when something happened that belongs to it.
import { onScopeDispose } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { useResource, type Resource } from '@/shared/composables/useResource'
import { readTimeline, type Timeline } from '../api'

const TELLING = new Set(['job_start', 'job_done', 'job_failed', 'job_idle_flagged', 'job_idle_recovered', 'batch_stop_requested', 'batch_stalled', 'batch_diverged', 'batch_pause_requested', 'batch_paused', 'batch_resumed', 'batch_done', 'batch_failed', 'artifact_added', 'alert'])
// Several come together at an end; the server has them all a moment later.
const REST_MS = 400

export function useTimeline(batchId: () => string, jobId: () => string): Resource<Timeline> {
  const resource = useResource(() => readTimeline(batchId(), jobId()), { key: () => `${batchId()}\n${jobId()}` })
  let timer: ReturnType<typeof setTimeout> | undefined
  onLiveEvents((events) => {
    const told = events.some((event) => event.batch_id === batchId() && (event.job_id === jobId() || event.job_id === null) && TELLING.has(event.event_type))
    if (!told) return
    clearTimeout(timer)
    timer = setTimeout(() => void resource.refresh(), REST_MS)
  })
  onScopeDispose(() => clearTimeout(timer))
  return resource
}
