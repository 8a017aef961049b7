// The audit log, newest first: the first page is read anew, older pages are added below it.
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { listAudit, type AuditLine, type AuditQuery } from '../api'

const PER_PAGE = 50

export interface Audit {
  lines: ShallowRef<readonly AuditLine[]>
  error: ShallowRef<ApiError | null>
  loading: Ref<boolean>
  hasOlder: Ref<boolean>
  refresh: () => Promise<void>
  older: () => Promise<void>
}

export function useAudit(query: Ref<AuditQuery>): Audit {
  const lines = shallowRef<readonly AuditLine[]>([])
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(true)
  const hasOlder = ref(false)
  let next: string | null = null
  let turn = 0

  async function read(cursor: string | null, before: readonly AuditLine[]): Promise<void> {
    const mine = ++turn
    try {
      const slice = await listAudit(query.value, PER_PAGE, cursor ?? undefined)
      if (mine !== turn) return
      lines.value = cursor ? [...before, ...slice.rows] : merge(slice.rows, before)
      if (cursor || !before.length || lines.value.length === slice.rows.length) next = slice.next
      hasOlder.value = next !== null
      error.value = null
    } catch (cause) {
      if (mine !== turn) return
      error.value = asApiError(cause)
    }
    loading.value = false
  }

  watch(
    query,
    () => {
      loading.value = true
      lines.value = []
      next = null
      void read(null, [])
    },
    { immediate: true, deep: true },
  )

  return { lines, error, loading, hasOlder, refresh: () => read(null, lines.value), older: () => read(next, lines.value) }
}

/** New lines above those that are there; when a gap lies between, the old ones leave. */
export function merge(fresh: readonly AuditLine[], before: readonly AuditLine[]): readonly AuditLine[] {
  const oldest = fresh.at(-1)?.id
  if (oldest === undefined || !before.some((line) => line.id === oldest)) return fresh
  return [...fresh, ...before.filter((line) => line.id < oldest)]
}
