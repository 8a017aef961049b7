// What a batch's own reporter measured over time: read once, then moved by the stream.
import { computed, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents } from '@/api/hub'
import type { components } from '@/api/schema.gen'
import { useResource } from '@/shared/composables/useResource'
import { getReadings } from '../api'

export type BatchReading = components['schemas']['BatchSnapshot']
const MOST = 2_000

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const FIELDS = ['gpu_util_pct', 'gpu_mem_mb', 'gpu_mem_total_mb', 'gpu_temp_c', 'cpu_util_pct', 'ram_mb', 'ram_total_mb', 'proc_cpu_pct', 'proc_ram_mb', 'proc_gpu_mem_mb'] as const

export function useBatchReadings(batchId: MaybeRefOrGetter<string>) {
  const readings = shallowRef<BatchReading[]>([])
  const { error, loading, refresh } = useResource(
    async () => {
      readings.value = (await getReadings(toValue(batchId), MOST)).snapshots
    },
    { key: batchId },
  )
  onLiveEvents((events) => {
    const fresh = events
      .filter((event) => event.event_type === 'resource_snapshot' && event.batch_id === toValue(batchId))
      .map(({ data, timestamp, source }) => {
        const numbers = Object.fromEntries(FIELDS.map((name) => [name, number(data[name])]))
        const gpus = Array.isArray(data.gpus) ? (data.gpus as Record<string, unknown>[]) : null
        return { ...numbers, gpus, timestamp, ts: timestamp, host: source.host ?? '' } as BatchReading
      })
    const last = readings.value.at(-1)?.timestamp ?? ''
    const newer = fresh.filter((reading) => reading.timestamp > last)
    if (newer.length > 0) readings.value = [...readings.value, ...newer].slice(-MOST)
  })
  return { readings: computed(() => readings.value), error, loading, refresh }
}
