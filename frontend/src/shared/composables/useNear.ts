// Whether an element is in the window or close to it, so that what nobody sees costs nothing. Before a print, all is near.
import { onScopeDispose, ref, watch, type Ref } from 'vue'

const MARGIN = '300px'

export function useNear(element: Readonly<Ref<HTMLElement | null>>): Readonly<Ref<boolean>> {
  const near = ref(false)
  const all = (): void => {
    near.value = true
  }
  if (typeof IntersectionObserver === 'undefined') {
    all()
    return near
  }
  const observer = new IntersectionObserver((entries) => (near.value = entries.at(-1)?.isIntersecting ?? false), { rootMargin: MARGIN })
  watch(element, (now, before) => {
    if (before) observer.unobserve(before)
    if (now) observer.observe(now)
  })
  window.addEventListener('beforeprint', all)
  onScopeDispose(() => {
    observer.disconnect()
    window.removeEventListener('beforeprint', all)
  })
  return near
}
