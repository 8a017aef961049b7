// Copying to the clipboard, with an answer that fades.
import { ref, type Ref } from 'vue'

export function useCopy(): { copied: Ref<boolean>; copy: (text: string) => Promise<void> } {
  const copied = ref(false)
  return {
    copied,
    async copy(text) {
      copied.value = await writeClipboard(text)
      setTimeout(() => (copied.value = false), 1500)
    },
  }
}

/** navigator.clipboard exists on https and localhost only; a lab's plain http address needs the older way. */
async function writeClipboard(text: string): Promise<boolean> {
  if (window.isSecureContext && 'clipboard' in navigator) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => copyBySelection(text),
    )
  }
  return copyBySelection(text)
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}
