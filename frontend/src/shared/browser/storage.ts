// The one door to localStorage. A browser may refuse it (private windows, full disk): then values live in memory only.
const memory = new Map<string, string>()

export function readStored(key: string): string | null {
  try {
    return window.localStorage.getItem(key) ?? memory.get(key) ?? null
  } catch {
    return memory.get(key) ?? null
  }
}

export function writeStored(key: string, value: string | null): void {
  if (value === null) memory.delete(key)
  else memory.set(key, value)
  try {
    if (value === null) window.localStorage.removeItem(key)
    else window.localStorage.setItem(key, value)
    memory.delete(key)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}

/** Calls back when another tab of this browser changes one of the keys. */
export function onStoredElsewhere(keys: readonly string[], callback: () => void): () => void {
  const listener = (event: StorageEvent): void => {
    if (event.key === null || keys.includes(event.key)) callback()
  }
  window.addEventListener('storage', listener)
  return () => window.removeEventListener('storage', listener)
}
