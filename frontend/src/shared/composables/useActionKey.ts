// The key `.` opens the actions of what a page shows; it is a letter like the other shortcuts and goes off with them.
import { onScopeDispose } from 'vue'
import { readStored } from '@/shared/browser/storage'

const OF_THEIR_OWN = 'input, textarea, select, [contenteditable=""], [contenteditable=true], dialog, [role=dialog], [role=menu], [role=listbox]'

export function useActionKey(open: () => void): void {
  function onKey(event: KeyboardEvent): void {
    if (event.key !== '.' || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    if (readStored('argus.letters') === 'off' || (event.target instanceof Element && event.target.closest(OF_THEIR_OWN))) return
    event.preventDefault()
    open()
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}
