// Ant Design's dialogs hear Escape where they have the focus, and they take it when they have opened. Pressed before that,
// it reaches the page behind: it is handed on.
import { onScopeDispose } from 'vue'

const DIALOGS = '.ant-modal-wrap, .ant-drawer-open'
const ESCAPE_CODE = 27

export function useEscape(): void {
  function onKey(event: KeyboardEvent): void {
    const { target } = event
    // What is open above a dialog, such as a list of choices, is no part of the page and has its own use for the key.
    const isBehind = target === document.body || (target instanceof Element && target.closest('#app') !== null)
    if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing || !isBehind) return
    const shown = [...document.querySelectorAll<HTMLElement>(DIALOGS)].filter((dialog) => getComputedStyle(dialog).display !== 'none').at(-1)
    if (!shown || shown.contains(target as Node)) return
    shown.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', keyCode: ESCAPE_CODE, bubbles: true, cancelable: true }))
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}
