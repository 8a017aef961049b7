// How long a new token lives.

export const LIFETIMES = ['30', '90', '365', 'never'] as const
export type Lifetime = (typeof LIFETIMES)[number]

/** The moment of expiry as the server writes times, or null for a token that stays. */
export function expiryOf(lifetime: Lifetime, now = Date.now()): string | null {
  if (lifetime === 'never') return null
  return new Date(now + Number(lifetime) * 86_400_000).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
