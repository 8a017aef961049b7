// How a reader looks at curves: axis and smoothing, in the URL. The slider writes when it rests, not at every step.
import { ref, watch } from 'vue'
import { useQueryFlag, useQueryNumber } from './useQuery'

const REST_MS = 200

export function useChartSettings() {
  const log = useQueryFlag('log')
  const stored = useQueryNumber('smooth', 0)
  const smoothing = ref(stored.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(smoothing, (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => (stored.value = value), REST_MS)
  })
  return { log, smoothing }
}
