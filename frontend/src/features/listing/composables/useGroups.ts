// Groups of a query with their numbers, a page after the other.
import { computed, ref, shallowRef, type ComputedRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { useResource } from '@/shared/composables/useResource'
import { ask, type Question } from '../api'
import type { Group } from '../rows'

const PAGE = 100

export function useGroups(question: ComputedRef<Question>, enabled: ComputedRef<boolean>) {
  const groups = shallowRef<readonly Group[]>([])
  const total = ref(0)
  const cursor = ref<string | null>(null)
  const moreError = shallowRef<ApiError | null>(null)
  const key = computed(() => JSON.stringify(question.value))

  const { error, loading, refresh } = useResource(
    async () => {
      const asked = key.value
      const answer = await ask({ ...question.value, limit: PAGE })
      if (asked !== key.value) return
      groups.value = answer.groups
      total.value = answer.total ?? 0
      cursor.value = answer.cursor
      moreError.value = null
    },
    { key, enabled },
  )

  async function more(): Promise<void> {
    const asked = key.value
    try {
      const answer = await ask({ ...question.value, limit: PAGE, cursor: cursor.value })
      if (asked !== key.value) return
      groups.value = [...groups.value, ...answer.groups]
      cursor.value = answer.cursor
    } catch (cause) {
      moreError.value = asApiError(cause)
    }
  }

  return { groups, total, isMore: computed(() => cursor.value !== null), error, moreError, loading, refresh, more }
}
