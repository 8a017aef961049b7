// Which theme is on: the reader's choice, or the system's until one was made.
import { computed, ref, watchEffect } from 'vue'
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

export const themeName = computed<ThemeName>(() => {
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
  watchEffect(() => applyTheme(themeName.value))
  // Paper is white, whatever the screen is.
  window.addEventListener('beforeprint', () => applyTheme('light'))
  window.addEventListener('afterprint', () => applyTheme(themeName.value))
}
