// One clock for all components, ticking once a second while anyone looks at it.
import { onScopeDispose, readonly, ref, type Ref } from 'vue'

const now = ref(Date.now())
let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

export function useNow(): Readonly<Ref<number>> {
  if (watchers++ === 0) {
    now.value = Date.now()
    timer = setInterval(() => (now.value = Date.now()), 1000)
  }
  onScopeDispose(() => {
    if (--watchers === 0) clearInterval(timer)
  })
  return readonly(now)
}
