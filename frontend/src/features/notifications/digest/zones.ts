// Time zones that can be chosen, the reader's own first.

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** The names that this browser knows; the chosen one and the reader's own are among them, whatever it knows. */
export function zoneNames(chosen: string): string[] {
  const known = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
  return [...new Set([ownZone(), chosen, 'UTC', ...known])].filter(Boolean)
}

export const HOURS: readonly number[] = Array.from({ length: 24 }, (_, hour) => hour)
export const clock = (hour: number): string => `${String(hour).padStart(2, '0')}:00`
