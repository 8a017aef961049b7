// The happenings of a batch: read page by page, the newest arriving by the stream.
import { computed, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { message } from 'ant-design-vue'
import { asApiError } from '@/api/errors'
import { onLiveEvents } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { useResource } from '@/shared/composables/useResource'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { getActivity, type Happening } from '../api'

export interface Told extends Omit<Happening, 'id'> {
  key: string
}

const NOT_TOLD = new Set(['job_epoch', 'job_step', 'resource_snapshot', 'log_line', 'batch_summary', 'command', 'job_checkpoint'])
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

// One happening may come from the reading and from the stream: what makes it the same is what it says.
// A script may tell several things at once.
const SAID = 200
type Known = Pick<Happening, 'event_type' | 'job_id' | 'at' | 'detail'>
const keyOf = ({ event_type, job_id, at, detail }: Known): string =>
  [event_type, job_id, at.slice(0, 19), event_type === 'alert' ? detail?.slice(0, SAID) : ''].join('\n')
const alertText = ({ title, text: more }: Record<string, unknown>): string | null => [text(title), text(more)].filter(Boolean).join(': ') || null

function fromEvent({ event_type, timestamp, job_id, data }: LiveEvent): Told {
  const at = timestamp
  const isAlert = event_type === 'alert'
  const detail = isAlert ? alertText(data) : (text(data.reason) ?? text(data.error) ?? text(data.message))
  return {
    key: keyOf({ event_type, job_id, at, detail }),
    event_type,
    at,
    job_id,
    model: text(data.model),
    dataset: text(data.dataset),
    status: isAlert ? (text(data.level) ?? 'info') : text(data.status),
    elapsed_s: typeof data.elapsed_s === 'number' ? Math.round(data.elapsed_s) : null,
    by: text(data.requested_by),
    detail,
  }
}

export function useActivity(batchId: MaybeRefOrGetter<string>, withJobs: MaybeRefOrGetter<boolean>) {
  const errorText = useErrorText()
  const read = shallowRef<Told[]>([])
  // What the stream told. A reading that was under way at that moment does not know of it, so it is kept apart.
  const heard = shallowRef<Told[]>([])
  const before = ref<number | null>(null)
  const reading = ref(false)
  const told = (items: readonly Happening[]): Told[] => items.map((one) => ({ ...one, key: keyOf(one) }))

  const { error, loading, refresh } = useResource(
    async () => {
      const page = await getActivity(toValue(batchId), undefined, toValue(withJobs))
      read.value = told(page.items)
      before.value = page.next_before
    },
    { key: () => `${toValue(batchId)}\n${toValue(withJobs)}` },
  )

  async function readMore(): Promise<void> {
    if (before.value === null) return
    reading.value = true
    try {
      const page = await getActivity(toValue(batchId), before.value, toValue(withJobs))
      read.value = [...read.value, ...told(page.items)]
      before.value = page.next_before
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    }
    reading.value = false
  }

  onLiveEvents((events) => {
    const fresh = events
      .filter((event) => event.batch_id === toValue(batchId) && !NOT_TOLD.has(event.event_type))
      .filter((event) => toValue(withJobs) || !event.event_type.startsWith('job_'))
      .map(fromEvent)
      .reverse()
    if (fresh.length > 0) heard.value = [...fresh, ...heard.value]
  })
  watch([() => toValue(batchId), () => toValue(withJobs)], () => (heard.value = []))

  const items = computed(() => {
    const known = new Set(read.value.map(({ key }) => key))
    const seen = new Set<string>()
    return [...heard.value.filter(({ key }) => !known.has(key)), ...read.value].filter(({ key }) => !seen.has(key) && seen.add(key))
  })
  return { items, more: computed(() => before.value !== null), reading, error, loading, refresh, readMore }
}
