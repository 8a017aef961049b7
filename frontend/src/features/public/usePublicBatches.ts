// The batches of a published project: the first page, and further ones as they are asked for.
import { message } from 'ant-design-vue'
import { ref, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { asApiError } from '@/api/errors'
import { useResource } from '@/shared/composables/useResource'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { listPublicBatches, type PublicProjectBatch } from './api'

export function usePublicBatches(project: MaybeRefOrGetter<string>) {
  const errorText = useErrorText()
  const batches = shallowRef<readonly PublicProjectBatch[]>([])
  const next = ref<string | null>(null)
  const isMore = ref(false)
  const busy = ref(false)

  function take(before: readonly PublicProjectBatch[], page: { rows: PublicProjectBatch[]; next: string | null }): void {
    batches.value = [...before, ...page.rows]
    next.value = page.next
    isMore.value = page.next !== null
  }

  const { error, loading, refresh } = useResource(async () => take([], await listPublicBatches(toValue(project), null)), { key: () => toValue(project) })

  async function more(): Promise<void> {
    const asked = toValue(project)
    if (busy.value || next.value === null) return
    busy.value = true
    try {
      const page = await listPublicBatches(asked, next.value)
      if (asked === toValue(project)) take(batches.value, page)
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    } finally {
      busy.value = false
    }
  }

  return { batches, isMore, busy, error, loading, refresh, more }
}
