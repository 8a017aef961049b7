// An element over the whole screen: by the browser where it lets us, else over the whole page.
import { onScopeDispose, ref, type Ref } from 'vue'

export function useFullScreen(box: Readonly<Ref<HTMLElement | null>>) {
  const isFull = ref(false)

  async function toggle(): Promise<void> {
    isFull.value = !isFull.value
    if (isFull.value) await box.value?.requestFullscreen?.().catch(ignored)
    else if (document.fullscreenElement) await document.exitFullscreen().catch(ignored)
  }
  // The browser has its own ways out.
  const onChange = (): void => {
    if (!document.fullscreenElement) isFull.value = false
  }
  document.addEventListener('fullscreenchange', onChange)
  onScopeDispose(() => document.removeEventListener('fullscreenchange', onChange))
  return { isFull, toggle }
}

/** A browser that refuses leaves the chart over the whole page, which it is already. */
function ignored(error: unknown): void {
  if (!(error instanceof TypeError || error instanceof DOMException)) throw error
}
