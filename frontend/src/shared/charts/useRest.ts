// Says what somebody moved to, once the hand rests.
import { onScopeDispose } from 'vue'

const REST_MS = 250

export function useRest<T extends unknown[]>(say: (...what: T) => void): (...what: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))
  return (...what) => {
    clearTimeout(timer)
    timer = setTimeout(() => say(...what), REST_MS)
  }
}
