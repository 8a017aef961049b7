// The other tabs of this browser: what one tells, all hear. The same origin alone can listen.
import type { components } from './schema.gen'

type TokenResponse = components['schemas']['TokenResponse']

/** A tab has a new access token (`expiresAt` in milliseconds since 1970), or the session is over for all of them. */
export type TabMessage = { kind: 'session'; answer: TokenResponse; expiresAt: number } | { kind: 'ended' }

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('argus.session')

export function tellTabs(message: TabMessage): void {
  channel?.postMessage(message)
}

export function onTabMessage(listener: (message: TabMessage) => void): void {
  channel?.addEventListener('message', (event: MessageEvent<TabMessage>) => listener(event.data))
}

/** Runs `work` while no other tab of this browser does. Without https there are no locks; the server bears with that. */
export async function oneTabAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined
  return locks ? await locks.request(name, work) : await work()
}
