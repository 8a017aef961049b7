// How long a new token lives, and how near its end an old one is.
import { parseTime } from '@/shared/i18n/format'

const DAY_MS = 86_400_000
const SOON_MS = 7 * DAY_MS

export const LIFETIMES = ['7', '30', '90', '365', 'never'] as const
export type Lifetime = (typeof LIFETIMES)[number]
export type ExpiryState = 'never' | 'later' | 'soon' | 'past'

/** The moment of expiry as the server writes times, or null for a token that stays. */
export function expiryOf(lifetime: Lifetime, now = Date.now()): string | null {
  if (lifetime === 'never') return null
  return new Date(now + Number(lifetime) * DAY_MS).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

export function expiryState(expiresAt: string | null, now: number): ExpiryState {
  const at = parseTime(expiresAt)
  if (at === null) return 'never'
  if (at <= now) return 'past'
  return at - now <= SOON_MS ? 'soon' : 'later'
}
