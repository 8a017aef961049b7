// What a reader types to go somewhere in a log: the number of a line, or a time of a day that the log has.

export type Goal = { line: number } | { at: string }

const NUMBER = /^#?(\d{1,12})$/
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/
const DAY = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/** `near` is a time of the log, whose day a bare clock time means. Null where nobody could tell what is meant. */
export function parseGoal(text: string, near: Date): Goal | null {
  const typed = text.trim()
  const number = NUMBER.exec(typed)
  // Lines are shown from 1.
  if (number) return { line: Math.max(0, Number(number[1]) - 1) }
  const clock = CLOCK.exec(typed)
  if (clock) {
    const at = new Date(near)
    at.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0)
    return Number(clock[1]) < 24 && Number(clock[2]) < 60 ? { at: at.toISOString() } : null
  }
  if (!DAY.test(typed)) return null
  const at = new Date(typed.length === 10 ? `${typed}T00:00` : typed.replace(' ', 'T'))
  return Number.isNaN(at.getTime()) ? null : { at: at.toISOString() }
}
