// Log lines of a batch or a job: a ring of the newest, and what a reader filters in it.

export interface LogLine {
  key: string
  ts: string
  jobId: string | null
  level: string
  line: string
}

export const LEVELS = ['all', 'debug', 'info', 'warn', 'error'] as const
const RANK: Record<string, number> = { debug: 0, info: 1, warn: 2, warning: 2, error: 3, critical: 4 }

/** The reporter's sign of life, not a line that anyone wrote. */
export const isHeartbeat = (level: string, line: string): boolean => line === 'heartbeat' && level === 'debug'

export function filterLines(lines: readonly LogLine[], level: string, search: string): readonly LogLine[] {
  const least = RANK[level]
  const wanted = search.trim().toLowerCase()
  if (least === undefined && !wanted) return lines
  return lines.filter(
    (line) =>
      (least === undefined || (RANK[line.level] ?? 1) >= least) &&
      (!wanted || line.line.toLowerCase().includes(wanted) || (line.jobId ?? '').toLowerCase().includes(wanted)),
  )
}

/** Cuts a line at the places where the searched text stands. */
export function markMatches(text: string, search: string): { text: string; match: boolean }[] {
  const wanted = search.trim().toLowerCase()
  if (!wanted) return [{ text, match: false }]
  const parts: { text: string; match: boolean }[] = []
  const plain = text.toLowerCase()
  let from = 0
  for (let at = plain.indexOf(wanted); at >= 0; at = plain.indexOf(wanted, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), match: false })
    parts.push({ text: text.slice(at, at + wanted.length), match: true })
    from = at + wanted.length
  }
  if (from < text.length) parts.push({ text: text.slice(from), match: false })
  return parts
}
