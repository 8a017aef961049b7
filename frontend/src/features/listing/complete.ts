// What may come next in a query: fields, operators, values. Pure: the text, the place of the cursor, what is known.
import type { components } from '@/api/schema.gen'
import { quoted } from './where'

export type KnownField = components['schemas']['KnownField']

export interface Suggestion {
  text: string
  detail?: string
}

export interface Completion {
  /** What of the text a chosen suggestion takes the place of. */
  from: number
  to: number
  items: Suggestion[]
}

interface Word {
  kind: 'name' | 'sign' | 'value' | 'word'
  text: string
  from: number
  to: number
}

const WORD = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|<=|>=|!=|[=<>~(),]|[\p{L}_][\w./:@%-]*(?:\.(?:"[^"]*"?)?[\w./:@%-]*)*|[+-]?[\d.]\S*/gu
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'null', 'nan', 'true', 'false', 'contains'])
const COMPARING = new Set(['=', '!=', '<', '<=', '>', '>=', '~', 'contains', 'in'])
const MOST = 12

function kindOf(text: string): Word['kind'] {
  if (/^["'+\-\d.]/.test(text) || text === 'true' || text === 'false' || text === 'null' || text === 'nan') return 'value'
  if (/^[=<>~(),!]/.test(text)) return 'sign'
  return KEYWORDS.has(text.toLowerCase()) ? 'word' : 'name'
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(WORD)].map((match) => ({ kind: kindOf(match[0]), text: match[0], from: match.index, to: match.index + match[0].length }))
}

function operatorsFor(field: KnownField | undefined): Suggestion[] {
  const kind = field?.kind ?? 'any'
  if (kind === 'time') return ['>', '<', '>=', '<='].map((text) => ({ text }))
  if (kind === 'text' || kind === 'texts') return ['=', '!=', '~', 'in', 'is null'].map((text) => ({ text }))
  return ['>', '<', '>=', '<=', '=', '!=', 'is null'].map((text) => ({ text }))
}

function valuesFor(field: KnownField | undefined): Suggestion[] {
  if (field?.kind === 'time') return ['-1h', '-24h', '-7d', '-30d'].map((text) => ({ text }))
  if (field?.kind === 'duration') return ['10m', '1h', '6h', '1d'].map((text) => ({ text }))
  return (field?.values ?? []).map((value) => ({ text: quoted(value) }))
}

/** What begins with the text comes first, what has it elsewhere follows. */
function matching(items: readonly Suggestion[], begun: string): Suggestion[] {
  const plain = begun.replace(/^["']/, '').toLowerCase()
  const rank = (item: Suggestion): number => {
    const text = item.text.replace(/^["']/, '').toLowerCase()
    if (text.startsWith(plain)) return 0
    return text.split(/[.\s_/-]+/).some((part) => part.startsWith(plain)) ? 1 : text.includes(plain) ? 2 : 3
  }
  return items
    .map((item, index) => ({ item, index, rank: rank(item) }))
    .filter((one) => one.rank < 3 && one.item.text !== begun)
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, MOST)
    .map((one) => one.item)
}

export function complete(text: string, cursor: number, fields: readonly KnownField[]): Completion {
  const before = wordsOf(text.slice(0, cursor))
  const last = before.at(-1)
  // A word that the cursor touches is not finished; a sign is.
  const begun = last && last.to === cursor && last.kind !== 'sign' ? last : undefined
  const done = begun ? before.slice(0, -1) : before
  const from = begun?.from ?? cursor
  const answer = (items: readonly Suggestion[]): Completion => ({ from, to: cursor, items: matching(items, begun?.text ?? '') })

  const [previous, third] = [done.at(-1), done.at(-2)]
  const named = (word: Word | undefined): KnownField | undefined => fields.find((field) => field.name === word?.text)
  if (previous?.text === 'is') return answer([{ text: 'null' }, { text: 'nan' }])
  if (previous && COMPARING.has(previous.text.toLowerCase())) return answer(previous.text === 'in' ? [{ text: '(' }] : valuesFor(named(third)))
  const listed = openList(done)
  if (listed && (previous?.text === '(' || previous?.text === ',')) return answer(valuesFor(named(listed)))
  if (listed && previous?.kind === 'value') return answer([{ text: ',' }, { text: ')' }])
  if (previous?.kind === 'name') return answer(operatorsFor(named(previous)))
  if (previous?.kind === 'value' || previous?.text === ')') return answer([{ text: 'and' }, { text: 'or' }])
  return answer(fields.map((field) => ({ text: field.name, detail: field.kind })))
}

/** The field whose list of values is open here: `model in ("a", `. */
function openList(words: readonly Word[]): Word | undefined {
  for (let at = words.length - 1; at >= 0; at -= 1) {
    const word = words[at]
    if (word?.text === ')') return undefined
    if (word?.text === '(') return words[at - 1]?.text === 'in' ? words[words[at - 2]?.text === 'not' ? at - 3 : at - 2] : undefined
  }
  return undefined
}

/** The text with a suggestion in its place, and where the cursor stands then. */
export function accept(text: string, completion: Completion, suggestion: Suggestion): { text: string; cursor: number } {
  const tail = text.slice(completion.to)
  const gap = tail.startsWith(' ') ? '' : ' '
  const head = text.slice(0, completion.from) + suggestion.text + gap
  return { text: head + tail, cursor: head.length + (gap ? 0 : 1) }
}
