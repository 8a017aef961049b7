// Which theme is on: the reader's choice, or the system's until one was made.
import { computed, ref, watchEffect, type Ref } from 'vue'
import { onStoredElsewhere, readStored, writeStored } from '@/shared/browser/storage'
import type { ThemeName } from './palette'
import { applyTheme } from './tokens'

export type ThemeChoice = ThemeName | 'system'
const KEY = 'argus.theme'

const stored = (): ThemeChoice => {
  const value = readStored(KEY)
  return value === 'light' || value === 'dark' ? value : 'system'
}

const choice = ref<ThemeChoice>(stored())
const system = window.matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = ref(system.matches)

const printing = ref(false)

/** Whether the page is being put on paper, which is white whatever the screen is. */
export const isPrinting: Readonly<Ref<boolean>> = printing

export const themeName = computed<ThemeName>(() => {
  if (printing.value) return 'light'
  if (choice.value !== 'system') return choice.value
  return systemIsDark.value ? 'dark' : 'light'
})

export function useTheme() {
  return {
    choice,
    themeName,
    choose(next: ThemeChoice): void {
      choice.value = next
      writeStored(KEY, next === 'system' ? null : next)
    },
  }
}

export function startTheme(): void {
  system.addEventListener('change', (event) => (systemIsDark.value = event.matches))
  onStoredElsewhere([KEY], () => (choice.value = stored()))
  window.addEventListener('beforeprint', () => (printing.value = true))
  window.addEventListener('afterprint', () => (printing.value = false))
  window.matchMedia('print').addEventListener('change', (event) => (printing.value = event.matches))
  // At once: nothing waits for a frame when the picture for paper is taken.
  watchEffect(() => applyTheme(themeName.value), { flush: 'sync' })
}
