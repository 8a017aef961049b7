// Whether the window is as narrow as a phone.
import { ref } from 'vue'

const query = window.matchMedia('(max-width: 767px)')
const isPhone = ref(query.matches)
query.addEventListener('change', (event) => (isPhone.value = event.matches))

export function useViewport() {
  return { isPhone }
}
