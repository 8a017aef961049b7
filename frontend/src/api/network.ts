// Whether the browser has a network. Its own word comes before any silence is noticed, and reaches the page also where the
// stream, which lives in a worker, hears nothing of it.
import { readonly, shallowRef } from 'vue'

const since = shallowRef<number | null>(null)

/** Since when there is no network, in milliseconds since 1970; null where there is one. */
export const cutOffSince = readonly(since)

/** Whether the app's files can be had now. */
export async function isReached(): Promise<boolean> {
  try {
    return (await fetch('/favicon.svg', { method: 'HEAD', cache: 'no-store' })).ok
  } catch {
    return false
  }
}

/** `onGone` and `onBack` run when the network goes and comes. */
export function watchNetwork(onGone: () => void, onBack: () => void): void {
  const back = (): void => {
    since.value = null
    onBack()
  }
  const gone = async (): Promise<void> => {
    const at = (since.value ??= Date.now())
    onGone()
    // A server on this machine is reached all the same.
    if ((await isReached()) && since.value === at) back()
  }
  window.addEventListener('online', back)
  window.addEventListener('offline', () => void gone())
  if (!navigator.onLine) void gone()
}
