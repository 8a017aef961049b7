// The editor's texts: where a variable is put, what is wrong with a draft, how kinds are listed.
import type { ApiError } from '@/api/errors'
import type { MailTemplate, MailTexts } from './api'

export const FIELDS = ['subject', 'body_html', 'body_text'] as const
export type Field = (typeof FIELDS)[number]

export const textsOf = ({ subject, body_html, body_text }: MailTexts): MailTexts => ({ subject, body_html, body_text })
export const isSame = (one: MailTexts, other: MailTexts): boolean => FIELDS.every((field) => one[field] === other[field])

/** A text with something put in the place of what is selected, and where the cursor is then. */
export function inserted(text: string, from: number, to: number, what: string): { text: string; at: number } {
  return { text: text.slice(0, from) + what + text.slice(to), at: from + what.length }
}

/** How a variable is written; a list is gone through. */
export const LISTS: ReadonlySet<string> = new Set(['lines', 'failures', 'best', 'batches'])
export const written = (name: string): string => (LISTS.has(name) ? `{% for one in ${name} %}{{ one }}{% endfor %}` : `{{ ${name} }}`)

export interface Mistake {
  field: Field | null
  line: number
  problem: string
}

/** What the server says against a draft; null for an error of another kind. */
export function mistakeOf(error: ApiError): Mistake | null {
  if (error.code !== 'template.invalid') return null
  const { field, line, problem } = error.details as Partial<Record<string, unknown>>
  return { field: FIELDS.find((name) => name === field) ?? null, line: typeof line === 'number' ? line : 0, problem: typeof problem === 'string' ? problem : error.message }
}

export interface KindOfMail {
  kind: string
  templates: readonly MailTemplate[]
}

/** One line for each kind, with its languages. */
export function byKind(templates: readonly MailTemplate[]): KindOfMail[] {
  const kinds = [...new Set(templates.map(({ event_type }) => event_type))]
  return kinds.map((kind) => ({ kind, templates: templates.filter(({ event_type }) => event_type === kind) }))
}
