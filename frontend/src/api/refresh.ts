// Asks the server for a new access token. The refresh token travels in a cookie that no script can read.
import type { components } from './schema.gen'
import { oneTabAtATime } from './tabs'

export type TokenResponse = components['schemas']['TokenResponse']

/** `ended`: the server knows this session no more. `unreachable`: it could not say, so ask again later. */
export type Renewal = { kind: 'renewed'; answer: TokenResponse } | { kind: 'ended' } | { kind: 'unreachable' }

/** Tells the server that this browser keeps its session in the cookie. */
export const COOKIE_SESSION = { 'X-Argus-Session': 'cookie' } as const

/** Under this name the browser notes that somebody signed in: only that it is worth asking, no secret. */
export const SIGNED_IN = 'argus.signed_in'

/** The lock of the tab that asks. */
export const RENEWAL = 'argus.refresh'

const PATIENCE_MS = 15_000
// Answers that speak of the moment, not of the session.
const PASSING = new Set([408, 425, 429])

let early: Promise<Renewal> | null = null

/** Asks before anything waits for it: the next `renewByCookie` gets this answer. `sent`: the question is on its way. */
export function renewEarly(): { sent: Promise<void>; renewal: Promise<Renewal> } {
  let tell = (): void => undefined
  const sent = new Promise<void>((resolve) => (tell = resolve))
  early = oneTabAtATime(RENEWAL, () => {
    const answer = ask()
    tell()
    return answer
  })
  return { sent, renewal: early }
}

export async function renewByCookie(): Promise<Renewal> {
  const begun = early
  early = null
  return await (begun ?? ask())
}

async function ask(): Promise<Renewal> {
  let response: Response
  try {
    response = await fetch('/api/auth/refresh', {
      method: 'POST',
      headers: COOKIE_SESSION,
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    if (response.ok) return { kind: 'renewed', answer: (await response.json()) as TokenResponse }
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError) return { kind: 'unreachable' }
    throw error
  }
  const refused = response.status >= 400 && response.status < 500 && !PASSING.has(response.status)
  return { kind: refused ? 'ended' : 'unreachable' }
}

/** Ends the session of the cookie, and of the token where the cookie is missing; false when nobody could be told. */
export async function leaveByCookie(token: string | null): Promise<boolean> {
  const bearer: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {}
  try {
    const response = await fetch('/api/auth/logout', {
      method: 'POST',
      headers: { ...COOKIE_SESSION, ...bearer },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    return response.status < 500
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return false
    throw error
  }
}
