// Who is signed in. The access token lives here and nowhere else; other modules ask for it at the moment of use.
// It is kept in localStorage so that tabs share a session, and refreshed before it ends by one tab at a time.
import { computed, shallowRef } from 'vue'
import { onStoredElsewhere, readStored, writeStored } from '@/shared/browser/storage'
import type { components } from './schema.gen'

export type User = components['schemas']['UserOut']
type TokenResponse = components['schemas']['TokenResponse']

interface Session {
  token: string
  expiresAt: number
  user: User
}

const KEYS = { token: 'argus.access_token', expiresAt: 'em_expires_at', user: 'em_user' } as const
const REFRESH_LEAD_MS = 30 * 60_000
const SHORTEST_WAIT_MS = 5_000
const LONGEST_TIMER_MS = 2_000_000_000

const session = shallowRef<Session | null>(load())
let timer: ReturnType<typeof setTimeout> | undefined
let onEnded: () => void = () => undefined

export const currentUser = computed(() => session.value?.user ?? null)
export const isSignedIn = computed(() => session.value !== null)

export function accessToken(): string | null {
  return session.value?.token ?? null
}

export function startSession(answer: TokenResponse): void {
  keep({ token: answer.access_token, expiresAt: Date.now() + answer.expires_in * 1000, user: answer.user })
}

export function updateUser(user: User): void {
  if (session.value) keep({ ...session.value, user })
}

/** Forgets the session here and in the other tabs. */
export function endSession(): void {
  clearTimeout(timer)
  session.value = null
  for (const key of Object.values(KEYS)) writeStored(key, null)
  onEnded()
}

/**
 * A 401 may only mean that another tab has refreshed meanwhile.
 * Returns the newer token to try again with, or null when there is none.
 */
export function newerToken(used: string | null): string | null {
  const stored = load()
  if (!stored || stored.token === used) return null
  session.value = stored
  schedule()
  return stored.token
}

/** Begins the refresh timer and follows the other tabs. `ended` runs whenever the session is gone. */
export function watchSession(ended: () => void): void {
  onEnded = ended
  schedule()
  onStoredElsewhere(Object.values(KEYS), () => {
    const before = session.value
    session.value = load()
    schedule()
    if (before && !session.value) onEnded()
  })
}

function keep(next: Session): void {
  session.value = next
  writeStored(KEYS.token, next.token)
  writeStored(KEYS.expiresAt, String(next.expiresAt))
  writeStored(KEYS.user, JSON.stringify(next.user))
  schedule()
}

function load(): Session | null {
  const token = readStored(KEYS.token)
  const expiresAt = Number(readStored(KEYS.expiresAt))
  const user = readStored(KEYS.user)
  if (!token || !user || !(expiresAt > Date.now())) return null
  try {
    return { token, expiresAt, user: JSON.parse(user) as User }
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Waits until 30 minutes before the end, or half of what is left when that is sooner. */
export function refreshDelay(expiresAt: number, now: number): number {
  const left = expiresAt - now
  const wait = left > 2 * REFRESH_LEAD_MS ? left - REFRESH_LEAD_MS : left / 2
  return Math.min(Math.max(wait, SHORTEST_WAIT_MS), LONGEST_TIMER_MS)
}

function schedule(): void {
  clearTimeout(timer)
  const now = session.value
  if (now) timer = setTimeout(() => void refreshOnce(now), refreshDelay(now.expiresAt, Date.now()))
}

async function refreshOnce(before: Session): Promise<void> {
  const work = async (): Promise<void> => {
    if (newerToken(before.token) !== null || session.value?.token !== before.token) return
    try {
      const response = await fetch('/api/auth/refresh', {
        method: 'POST',
        headers: { Authorization: `Bearer ${before.token}` },
      })
      if (response.ok) startSession((await response.json()) as TokenResponse)
      else if (response.status === 401) endSession()
      else schedule()
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      schedule()
    }
  }
  // Browsers have locks on https and localhost only; elsewhere two tabs may both refresh, and the later one wins.
  const locks = navigator.locks as LockManager | null | undefined
  await (locks ? locks.request('argus.refresh', work) : work())
}
