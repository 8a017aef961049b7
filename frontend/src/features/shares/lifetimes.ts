// How long a public link is good for.
const DAY_MS = 86_400_000
const DAYS = { day: 1, week: 7, month: 30, year: 365, ever: null } as const

export type Lifetime = keyof typeof DAYS
export const LIFETIMES = Object.keys(DAYS) as Lifetime[]

/** When a link made now ends, as the server reads it; null: never. */
export function endOf(lifetime: Lifetime, now: number): string | null {
  const days = DAYS[lifetime]
  return days === null ? null : new Date(now + days * DAY_MS).toISOString()
}
