// Reading something from the server for a page: first load, later refreshes, errors that leave what is there in place.
import { ref, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { onResync, onReturn, whenLive } from '@/api/hub'

export interface Resource<T> {
  data: ShallowRef<T | null>
  error: ShallowRef<ApiError | null>
  /** True until the first answer. */
  loading: Ref<boolean>
  refresh: () => Promise<void>
}

export interface ResourceOptions {
  /** Reads anew, and shows the first-load state again, whenever this changes. */
  key?: MaybeRefOrGetter<unknown>
  /** Reads nothing while false. */
  enabled?: MaybeRefOrGetter<boolean>
}

export function useResource<T>(load: () => Promise<T>, options: ResourceOptions = {}): Resource<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(true)
  let turn = 0

  async function read(): Promise<void> {
    const mine = ++turn
    try {
      const answer = await load()
      if (mine !== turn) return
      data.value = answer
      error.value = null
    } catch (cause) {
      if (mine !== turn) return
      error.value = asApiError(cause)
    }
    loading.value = false
  }

  const enabled = (): boolean => toValue(options.enabled) ?? true
  let begun = false

  watch(
    [() => toValue(options.key), enabled],
    async ([, on]) => {
      if (!on) return
      loading.value = true
      data.value = null
      begun = false
      await whenLive()
      begun = true
      await read()
    },
    { immediate: true },
  )
  onResync(() => {
    if (begun && enabled()) void read()
  })
  // Where there is nothing to show, the panel that says so tries again.
  onReturn(() => {
    if (begun && enabled() && data.value !== null && error.value?.isPassing) void read()
  })

  return { data, error, loading, refresh: read }
}
