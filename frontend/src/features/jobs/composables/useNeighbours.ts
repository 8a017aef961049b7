// The jobs beside a job, and the keys [ and ] that lead to the one before and the one after.
import { onScopeDispose } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useResource, type Resource } from '@/shared/composables/useResource'
import { readNeighbours, type Neighbour, type Neighbours } from '../api'

const FIELDS = 'input, textarea, select, [contenteditable], [role=textbox], [role=combobox], dialog, [role=dialog], [role=menu], [role=listbox]'

export const targetOf = (job: Neighbour) => ({ name: 'job', params: { batchId: job.batch_id, jobId: job.job_id } })

export function useNeighbours(batchId: () => string, jobId: () => string): Resource<Neighbours> {
  const route = useRoute()
  const router = useRouter()
  const resource = useResource(() => readNeighbours(batchId(), jobId()), { key: () => `${batchId()}\n${jobId()}` })

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return
    if (event.target instanceof Element && event.target.closest(FIELDS)) return
    const job = event.key === '[' ? resource.data.value?.previous : event.key === ']' ? resource.data.value?.next : null
    if (!job) return
    event.preventDefault()
    // What one looks at stays: the same tab, the same view of the curves, but no line of another log.
    void router.push({ ...targetOf(job), query: { ...route.query, line: undefined } })
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
  return resource
}
