// An inspection of the batch's host: asked for at once, and followed until it is answered.
import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { useRefreshOnEvents } from '@/shared/composables/useRefreshOnEvents'
import { useResource } from '@/shared/composables/useResource'
import { inspectHost, readDrift } from '../api'
import type { DriftReport } from './report'

/** An agent that is there answers within seconds. Who waits longer is told so; the answer still comes. */
const LATE_MS = 30_000
const REST_MS = 250

export type InspectionState = 'pending' | 'late' | 'ready' | 'failed' | 'expired' | 'absent' | 'outdated' | 'error'

export interface Inspection {
  state: ComputedRef<InspectionState>
  report: ShallowRef<DriftReport | null>
  error: ComputedRef<ApiError | null>
  ask: () => Promise<void>
}

const REFUSALS: Readonly<Record<string, InspectionState>> = { 'agent.absent': 'absent', 'agent.outdated': 'outdated' }

export function useInspection(batchId: string): Inspection {
  const commandId = ref<string | null>(null)
  const refusal = shallowRef<ApiError | null>(null)
  const late = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  const { data: report, error: unread, refresh } = useResource(() => readDrift(batchId, commandId.value ?? ''), {
    key: commandId,
    enabled: () => commandId.value !== null,
  })
  useRefreshOnEvents(
    ({ event_type: type }) => commandId.value !== null && report.value?.status !== 'ready' && (type === 'command' || type === 'agent'),
    refresh,
    REST_MS,
  )

  async function ask(): Promise<void> {
    clearTimeout(timer)
    refusal.value = null
    late.value = false
    timer = setTimeout(() => (late.value = true), LATE_MS)
    try {
      const asked = await inspectHost(batchId)
      if (asked.command_id === commandId.value) await refresh()
      commandId.value = asked.command_id
    } catch (cause) {
      refusal.value = asApiError(cause)
    }
  }

  const state = computed<InspectionState>(() => {
    if (refusal.value) return REFUSALS[refusal.value.code] ?? 'error'
    if (report.value?.status === 'ready') return 'ready'
    if (report.value?.status === 'failed') return report.value.command_status === 'expired' ? 'expired' : 'failed'
    if (unread.value) return 'error'
    return late.value ? 'late' : 'pending'
  })
  onScopeDispose(() => clearTimeout(timer))
  void ask()
  return { state, report, error: computed(() => refusal.value ?? unread.value), ask }
}
