// What others change is read anew when the reader comes back to the page.
import { onScopeDispose } from 'vue'

export function useFresh(refresh: () => Promise<void>): void {
  const look = (): void => {
    if (!document.hidden) void refresh()
  }
  window.addEventListener('focus', look)
  document.addEventListener('visibilitychange', look)
  onScopeDispose(() => {
    window.removeEventListener('focus', look)
    document.removeEventListener('visibilitychange', look)
  })
}
