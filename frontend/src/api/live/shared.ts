/** The worker that holds the stream for all tabs of an account; null where a browser has no such workers. */
export function startWorker(account: number): SharedWorker | null {
  if (typeof SharedWorker === 'undefined') return null
  try {
    return new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module', name: `argus-live-${account}` })
  } catch {
    // Forbidden by the browser's settings: it works without.
    return null
  }
}
