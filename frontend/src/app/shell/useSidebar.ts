// Whether the sidebar is folded; remembered in this browser.
import { ref } from 'vue'
import { readStored, writeStored } from '@/shared/browser/storage'

const KEY = 'argus.sidebar'
const collapsed = ref(readStored(KEY) === 'folded')

export function useSidebar() {
  return {
    collapsed,
    toggle(): void {
      collapsed.value = !collapsed.value
      writeStored(KEY, collapsed.value ? 'folded' : null)
    },
  }
}
