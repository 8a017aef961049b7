// Which keys do what. Pure: what was pressed before and a key in, what to do out.
import type { Place } from '../shell/navigation'

export interface Sequence {
  keys: readonly [string, string]
  place: Place['name']
}

export const SEQUENCES: readonly Sequence[] = [
  { keys: ['g', 'h'], place: 'home' },
  { keys: ['g', 'b'], place: 'batches' },
  { keys: ['g', 'j'], place: 'jobs' },
  { keys: ['g', 'p'], place: 'projects' },
  { keys: ['g', 'c'], place: 'compare' },
  { keys: ['g', 's'], place: 'studies' },
  { keys: ['g', 'o'], place: 'hosts' },
  { keys: ['g', 'a'], place: 'agents' },
  { keys: ['g', 'i'], place: 'inbox' },
]

export type Deed = { go: Place['name'] } | 'search' | 'help' | 'down' | 'up'
const SINGLE: Readonly<Record<string, Deed>> = { '/': 'search', '?': 'help', j: 'down', k: 'up' }

// A second key that comes later begins anew.
const PATIENCE_MS = 1_500

export interface Pressed {
  first: string | null
  at: number
}

export const NOTHING: Pressed = { first: null, at: 0 }

export function press(before: Pressed, key: string, now: number): { deed: Deed | null; pressed: Pressed } {
  const first = now - before.at <= PATIENCE_MS ? before.first : null
  const sequence = SEQUENCES.find(({ keys }) => keys[0] === first && keys[1] === key)
  if (sequence) return { deed: { go: sequence.place }, pressed: NOTHING }
  if (SEQUENCES.some(({ keys }) => keys[0] === key)) return { deed: null, pressed: { first: key, at: now } }
  return { deed: SINGLE[key] ?? null, pressed: NOTHING }
}

const FIELDS = 'input, textarea, select, [contenteditable=""], [contenteditable=true], [role=textbox], [role=combobox]'
// In these a letter means something of their own.
const OVERLAYS = 'dialog, [role=dialog], [role=menu], [role=listbox]'

/** Whether a key pressed here is text or a dialog's, and no shortcut. */
export const takesKeys = (target: EventTarget | null): boolean => target instanceof Element && target.closest(`${FIELDS}, ${OVERLAYS}`) !== null
