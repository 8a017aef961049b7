// What of a scrolled box is in sight, in pixels, so that only that much is drawn.
import { onMounted, onScopeDispose, reactive, type Ref } from 'vue'

export interface Sight {
  left: number
  top: number
  width: number
  height: number
}

export function useWindow(box: Readonly<Ref<HTMLElement | null>>): Sight {
  const sight = reactive<Sight>({ left: 0, top: 0, width: 800, height: 480 })
  let planned = 0
  function read(): void {
    planned = 0
    const element = box.value
    if (element) Object.assign(sight, { left: element.scrollLeft, top: element.scrollTop, width: element.clientWidth, height: element.clientHeight })
  }
  const plan = (): void => {
    planned ||= requestAnimationFrame(read)
  }
  const resizes = new ResizeObserver(plan)
  onMounted(() => {
    if (!box.value) return
    box.value.addEventListener('scroll', plan, { passive: true })
    resizes.observe(box.value)
    read()
  })
  onScopeDispose(() => {
    resizes.disconnect()
    cancelAnimationFrame(planned)
  })
  return sight
}
