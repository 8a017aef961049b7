// The size of an element, as it changes.
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'

export function useSize(element: Readonly<Ref<HTMLElement | null>>) {
  const size = shallowRef({ width: 0, height: 0 })
  if (typeof ResizeObserver === 'undefined') return size
  const observer = new ResizeObserver((entries) => {
    const box = entries.at(-1)?.contentRect
    if (box && (box.width !== size.value.width || box.height !== size.value.height)) size.value = { width: box.width, height: box.height }
  })
  watch(element, (now, before) => {
    if (before) observer.unobserve(before)
    if (now) observer.observe(now)
  })
  onScopeDispose(() => observer.disconnect())
  return size
}
