// The list of deliveries, newest first: the first page is read anew, older pages are added below it.
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { listDeliveries, type Delivery, type DeliveryFilter } from './api'

const PAGE = 50

export interface Deliveries {
  rows: ShallowRef<readonly Delivery[]>
  error: ShallowRef<ApiError | null>
  loading: Ref<boolean>
  hasOlder: Ref<boolean>
  refresh: () => Promise<void>
  older: () => Promise<void>
}

export function useDeliveries(filter: Ref<DeliveryFilter>): Deliveries {
  const rows = shallowRef<readonly Delivery[]>([])
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(true)
  const hasOlder = ref(false)
  let next: number | null = null
  let turn = 0

  /** As many as are shown, so that none goes from under the reader: what became of each may have changed. */
  async function read(limit: number, before: number | null): Promise<void> {
    const mine = ++turn
    try {
      const page = await listDeliveries(filter.value, limit, before ?? undefined)
      if (mine !== turn) return
      rows.value = before === null ? [...page.items, ...rows.value.filter(({ id }) => page.next_before !== null && id < page.next_before)] : [...rows.value, ...page.items]
      // Rows below what was just read keep the end that they had.
      if (before !== null || rows.value.length === page.items.length) next = page.next_before
      hasOlder.value = next !== null
      error.value = null
    } catch (cause) {
      if (mine !== turn) return
      error.value = asApiError(cause)
    }
    loading.value = false
  }

  const most = (): number => Math.min(Math.max(rows.value.length, PAGE), 200)
  watch(
    filter,
    () => {
      rows.value = []
      loading.value = true
      void read(PAGE, null)
    },
    { immediate: true, deep: true },
  )
  return { rows, error, loading, hasOlder, refresh: () => read(most(), null), older: () => read(PAGE, next) }
}
