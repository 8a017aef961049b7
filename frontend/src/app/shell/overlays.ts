// What lies over the page: the command palette or the help on shortcuts, one at a time.
import { ref } from 'vue'

export type Overlay = 'palette' | 'shortcuts'
export const overlay = ref<Overlay | null>(null)
