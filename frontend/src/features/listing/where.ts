// The condition that a list asks for: what was written in the bar, and the chips. Pure.

export type Source = 'jobs' | 'batches'

export const CHIPS = ['status', 'project', 'host', 'owner', 'since'] as const
export type ChipName = (typeof CHIPS)[number]
export type Chips = Readonly<Record<ChipName, string>>

export const SINCE = ['1h', '24h', '7d', '30d'] as const
export const STATUSES: Readonly<Record<Source, readonly string[]>> = {
  jobs: ['running', 'pending', 'failed', 'lost', 'done', 'skipped'],
  batches: ['running', 'stopping', 'stalled', 'failed', 'stopped', 'done'],
}

// Where plain words are looked for, as people mean them.
const SEARCHED: Readonly<Record<Source, readonly string[]>> = {
  jobs: ['id', 'model', 'dataset', 'batch', 'batch_name', 'project', 'reason'],
  batches: ['id', 'name', 'project', 'user', 'host', 'type', 'command'],
}
const OPERATOR = /[=<>~()"']/
const KEYWORD = /(^|\s)(and|or|not|in|is|contains)(\s|$)/i
const MOST_WORDS = 8

export const quoted = (text: string): string => `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`

/** Whether a text is words to look for, and no condition of the language. */
export const isPlain = (text: string): boolean => !OPERATOR.test(text) && !KEYWORD.test(text)

function ofWords(text: string, source: Source): string {
  const words = text.split(/\s+/).filter(Boolean).slice(0, MOST_WORDS)
  return words.map((word) => `(${SEARCHED[source].map((field) => `${field} ~ ${quoted(word)}`).join(' or ')})`).join(' and ')
}

function ofChip(name: ChipName, value: string): string {
  if (name === 'since') return `started > -${value}`
  const values = value.split(',').filter(Boolean)
  return values.length === 1 ? `${name} = ${quoted(values[0] ?? '')}` : `${name} in (${values.map(quoted).join(', ')})`
}

const isSince = (value: string): boolean => /^\d{1,4}[smhdw]$/.test(value)

/** The whole condition. What was written comes first, in parentheses, so that a place in it is known in the whole. */
export function whereOf(text: string, chips: Chips, source: Source): string {
  const written = text.trim()
  const first = written === '' ? [] : [isPlain(written) ? ofWords(written, source) : `(${written})`]
  const chosen = CHIPS.filter((name) => chips[name] !== '' && (name !== 'since' || isSince(chips.since)))
  return [...first, ...chosen.map((name) => ofChip(name, chips[name]))].filter(Boolean).join(' and ')
}

/** Where in the written text the server's place in the whole condition is; null where it is not in it. */
export function placeIn(text: string, position: number): number | null {
  const written = text.trim()
  if (isPlain(written)) return null
  const start = text.length - text.trimStart().length
  return start + Math.min(Math.max(position - 1, 0), written.length)
}
