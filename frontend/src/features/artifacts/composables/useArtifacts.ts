// The files of a job or a batch, newest first: read page by page, and again when the stream says that one came.
import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { useResource } from '@/shared/composables/useResource'
import { listOfBatch, listOfJob, type Artifact } from '../api'
import { newestFirst } from '../files'

const PAGE = 1_000
// Files come in groups: one reading for all of them.
const REST_MS = 300
const ENDS = new Set(['job_done', 'job_failed', 'batch_done', 'batch_failed'])

interface Source {
  batchId: string
  jobId?: string
}

export function useArtifacts(source: () => Source) {
  const files = shallowRef<Artifact[]>([])
  let timer: ReturnType<typeof setTimeout> | undefined

  async function readAfter(after: number): Promise<Artifact[]> {
    const { batchId, jobId } = source()
    const page = await (jobId === undefined ? listOfBatch(batchId, after) : listOfJob(batchId, jobId, after))
    const last = page.at(-1)
    return page.length < PAGE || !last ? page : [...page, ...(await readAfter(last.id))]
  }

  const { error, loading, refresh } = useResource(
    async () => {
      files.value = newestFirst(await readAfter(0))
    },
    { key: () => JSON.stringify(source()) },
  )
  watch(() => JSON.stringify(source()), () => (files.value = []))

  onLiveEvents((events) => {
    const { batchId, jobId } = source()
    const told = events.some((event) => event.batch_id === batchId && (jobId === undefined || event.job_id === jobId || event.job_id === null) && (event.event_type === 'artifact_added' || ENDS.has(event.event_type)))
    if (!told) return
    clearTimeout(timer)
    timer = setTimeout(() => void refresh(), REST_MS)
  })
  onScopeDispose(() => clearTimeout(timer))

  return { files: computed(() => files.value), error, loading, refresh }
}
