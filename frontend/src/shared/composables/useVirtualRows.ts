// Of a long list only the rows in the window are in the page; what is above and below is empty space of their height.
import { computed, onMounted, onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { drawnOf, slotsOf, type Range } from './rowWindow'

/** What a printer takes; more is a job for an export. A list that holds more says so on paper. */
export const PRINTED = 500

export function useVirtualRows(first: Readonly<Ref<HTMLElement | null>>, count: MaybeRefOrGetter<number>, height: MaybeRefOrGetter<number>) {
  const range = shallowRef<Range>({ first: 0, last: 0 })
  let slots: ReadonlyMap<number, number> = new Map()
  let frame = 0

  function measure(): void {
    frame = 0
    const top = first.value?.getBoundingClientRect().top ?? 0
    const next = drawnOf({ top, height: window.innerHeight, row: toValue(height), count: toValue(count) }, range.value)
    draw(next)
    if (!next.isAll) plan()
  }
  function draw({ first, last }: Range): void {
    if (first === range.value.first && last === range.value.last) return
    slots = slotsOf({ first, last }, slots)
    range.value = { first, last }
  }
  function plan(): void {
    frame ||= requestAnimationFrame(measure)
  }
  function all(): void {
    draw({ first: 0, last: Math.min(toValue(count), PRINTED) })
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
    /** A key for the element that shows a row. */
    slotOf: (place: number) => slots.get(place) ?? -1,
    before: computed(() => range.value.first * toValue(height)),
    after: computed(() => Math.max(0, toValue(count) - range.value.last) * toValue(height)),
  }
}
