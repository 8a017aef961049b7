// Of a long list only the rows in the window are in the page; what is above and below is empty space of their height.
import { computed, onMounted, onScopeDispose, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { slotsOf, windowOf } from '../window'

// What a printer takes; more is a job for an export.
const PRINTED = 500

export function useVirtualRows(first: Readonly<Ref<HTMLElement | null>>, count: MaybeRefOrGetter<number>, height: MaybeRefOrGetter<number>) {
  const range = ref({ first: 0, last: 0 })
  const slots = ref(1)
  let frame = 0

  function measure(): void {
    frame = 0
    const top = first.value?.getBoundingClientRect().top ?? 0
    const place = { top, height: window.innerHeight, row: toValue(height), count: toValue(count) }
    const next = windowOf(place)
    slots.value = slotsOf(place)
    if (next.first !== range.value.first || next.last !== range.value.last) range.value = next
  }
  function plan(): void {
    frame ||= requestAnimationFrame(measure)
  }
  function all(): void {
    range.value = { first: 0, last: Math.min(toValue(count), PRINTED) }
    slots.value = PRINTED
  }

  onMounted(() => {
    measure()
    window.addEventListener('scroll', plan, { passive: true })
    window.addEventListener('resize', plan)
    window.addEventListener('beforeprint', all)
    window.addEventListener('afterprint', plan)
  })
  onScopeDispose(() => {
    cancelAnimationFrame(frame)
    window.removeEventListener('scroll', plan)
    window.removeEventListener('resize', plan)
    window.removeEventListener('beforeprint', all)
    window.removeEventListener('afterprint', plan)
  })
  watch([() => toValue(count), () => toValue(height)], measure, { flush: 'post' })

  return {
    range,
    /** A key for what shows a row: what leaves at one end comes back at the other, filled anew, which is less than making it. */
    slotOf: (place: number) => place % slots.value,
    before: computed(() => range.value.first * toValue(height)),
    after: computed(() => Math.max(0, toValue(count) - range.value.last) * toValue(height)),
  }
}
