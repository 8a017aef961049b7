// What a job's machines did in its time: read once, then moved by the stream while it runs.
import { shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { client, ok } from '@/api/client'
import { onLiveEvents } from '@/api/hub'
import { useResource } from '@/shared/composables/useResource'
import { withReading, type HostReadings } from '../system'

const POINTS = 1_000

export function useJobSystem(batchId: MaybeRefOrGetter<string>, jobId: MaybeRefOrGetter<string>, isLive: MaybeRefOrGetter<boolean>) {
  const hosts = shallowRef<readonly HostReadings[]>([])
  const span = shallowRef<readonly [number, number] | null>(null)
  const { error, loading, refresh } = useResource(
    async () => {
      const found = await ok(client.GET('/api/jobs/{batch_id}/{job_id}/system', { params: { path: { batch_id: toValue(batchId), job_id: toValue(jobId) }, query: { points: POINTS } } }))
      hosts.value = found.hosts
      span.value = found.begin !== null && found.end !== null ? [found.begin, found.end] : null
    },
    { key: () => `${toValue(batchId)}\n${toValue(jobId)}` },
  )
  onLiveEvents((events) => {
    if (!toValue(isLive)) return
    for (const event of events) if (event.event_type === 'resource_snapshot' && event.batch_id === toValue(batchId)) hosts.value = withReading(hosts.value, event)
  })
  return { hosts, span, error, loading, refresh }
}
