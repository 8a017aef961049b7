// Listens for shortcuts anywhere in the app and does what they say.
import { onScopeDispose, ref } from 'vue'
import { useRouter } from 'vue-router'
import { readStored, writeStored } from '@/shared/browser/storage'
import { PLACES } from '../shell/navigation'
import { overlay } from '../shell/overlays'
import { NOTHING, press, takesKeys, type Deed } from './keys'
import { focusSearch, moveRow } from './rows'

const KEY = 'argus.letters'
/** Speech input and unsteady hands press letters by accident, so that letters can be turned off (WCAG 2.1.4). */
export const lettersOn = ref(readStored(KEY) !== 'off')

export function turnLetters(on: boolean): void {
  lettersOn.value = on
  writeStored(KEY, on ? null : 'off')
}

export function useShortcuts(): void {
  const router = useRouter()
  let pressed = NOTHING

  function act(deed: Deed): void {
    if (deed === 'help') overlay.value = 'shortcuts'
    else if (deed === 'search') {
      if (!focusSearch()) overlay.value = 'palette'
    } else if (deed === 'down') moveRow(1)
    else if (deed === 'up') moveRow(-1)
    else {
      const place = PLACES.find(({ name }) => name === deed.go)
      if (place) void router.push(place.to)
    }
  }

  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || (event.repeat && !'jk'.includes(event.key))) return
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      overlay.value = overlay.value === 'palette' ? null : 'palette'
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || overlay.value || !lettersOn.value || takesKeys(event.target)) return
    if (event.key === 'Shift') return
    const answer = press(pressed, event.key, event.timeStamp)
    pressed = answer.pressed
    if (answer.deed === null) return
    event.preventDefault()
    act(answer.deed)
  }

  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}
