// The commands that run a batch again, as they are typed into a shell. Pure.
import { readEnvironment } from './environment'

/** A word as a POSIX shell takes it. */
export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** `key=value` pairs from lines; empty lines and those without a key are left out. */
export function overridesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^[^\s=]+=/.test(line))
}

/** The same as the server takes them: what looks like a number, a truth or nothing is one. */
export function overrideValues(text: string): Record<string, unknown> {
  return Object.fromEntries(overridesOf(text).map((pair) => [pair.slice(0, pair.indexOf('=')), valueOf(pair.slice(pair.indexOf('=') + 1))]))
}

const WORDS: Readonly<Record<string, unknown>> = { null: null, true: true, false: false }

function valueOf(text: string): unknown {
  if (text in WORDS) return WORDS[text]
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && String(Number(text)).length < 16 ? Number(text) : text
}

export interface Rerun {
  command: string
  snapshot: Readonly<Record<string, unknown>> | null
  overrides: readonly string[]
  withCode: boolean
}

/** Lines for a shell: the folder, the commit where that is wanted and known, and the command with the overrides. */
export function rerunLines({ command, snapshot, overrides, withCode }: Rerun): string {
  const environment = readEnvironment(snapshot)
  const folder = environment?.facts.find(({ key }) => key === 'directory')?.value
  const lines = folder ? [`cd ${quoted(folder)}`] : []
  if (withCode && environment?.sha) lines.push(`git checkout ${quoted(environment.sha)}`)
  return [...lines, [command, ...overrides.map(quoted)].join(' ')].join('\n')
}
