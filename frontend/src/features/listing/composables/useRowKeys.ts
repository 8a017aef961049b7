// `x` picks the row that has the focus, with Shift all from the last one. Letters that can be turned off, like all others.
import { onScopeDispose } from 'vue'
import { readStored } from '@/shared/browser/storage'

const OF_THEIR_OWN = 'input, textarea, select, [contenteditable=""], [contenteditable=true], dialog, [role=dialog], [role=menu], [role=listbox]'

/** The key of the row in which the focus is; null where it is in none. */
export const focusedRow = (): string | null => document.activeElement?.closest<HTMLElement>('[data-key]')?.dataset.key ?? null

export function useRowKeys(pick: (key: string, range: boolean) => void, leave: () => void): void {
  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target instanceof Element && event.target.closest(OF_THEIR_OWN)) return
    if (event.key === 'Escape') leave()
    if (event.key.toLowerCase() !== 'x' || readStored('argus.letters') === 'off') return
    const key = focusedRow()
    if (key === null) return
    event.preventDefault()
    pick(key, event.shiftKey)
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}
