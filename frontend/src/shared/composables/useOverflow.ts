// Whether something is wider than the box that it stands in.
import { onMounted, onScopeDispose, ref, watch, type Ref } from 'vue'

export function useOverflow(box: Readonly<Ref<HTMLElement | null>>, width: Readonly<Ref<number>>): Readonly<Ref<boolean>> {
  const isWide = ref(false)
  const measure = (): void => {
    isWide.value = width.value > (box.value?.clientWidth ?? 0) + 1
  }
  const observer = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(measure)
  onMounted(() => box.value && observer?.observe(box.value))
  onScopeDispose(() => observer?.disconnect())
  watch(width, measure)
  return isWide
}
