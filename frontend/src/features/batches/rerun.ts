// The commands that run a batch again, as they are typed into a shell. Pure.
import type { Batch } from '@/features/runs'
import { readEnvironment } from './environment'
import { overridden, quoted } from './overriding'

export interface Changes {
  values: Readonly<Record<string, unknown>>
  /** Lines that are no setting. */
  unread: readonly string[]
}

/** Settings, one a line: `lr=0.1`, or as options are written, `--lr 0.1`, `--lr=0.1`, `--amp`. What looks like a number, a truth or nothing is one. */
export function readChanges(text: string): Changes {
  const lines = text.split('\n').map((line) => line.trim()).filter(Boolean)
  const read = lines.map((line) => /^([^\s=]+)=(.*)$/.exec(line) ?? /^(--?[A-Za-z][\w.-]*)(?:\s+(.+))?$/.exec(line))
  const pairs = read.flatMap((found) => (found?.[1] ? [[found[1], found[2] === undefined ? true : valueOf(found[2])] as const] : []))
  return { values: Object.fromEntries(pairs), unread: lines.filter((_, place) => !read[place]) }
}

const WORDS: Readonly<Record<string, unknown>> = { null: null, true: true, false: false }

function valueOf(text: string): unknown {
  if (text in WORDS) return WORDS[text]
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && String(Number(text)).length < 16 ? Number(text) : text
}

export interface Rerun {
  command: string
  snapshot: Readonly<Record<string, unknown>> | null
  overrides: Readonly<Record<string, unknown>>
  withCode: boolean
}

/** Lines for a shell: the folder, the commit where that is wanted and known, and the command with the overrides. */
export function rerunLines({ command, snapshot, overrides, withCode }: Rerun): string {
  const environment = readEnvironment(snapshot)
  const folder = environment?.facts.find(({ key }) => key === 'directory')?.value
  const lines = folder ? [`cd ${quoted(folder)}`] : []
  if (withCode && environment?.sha) lines.push(`git checkout ${quoted(environment.sha)}`)
  return [...lines, overridden(command, overrides)].join('\n')
}

export interface Saved {
  job: string | null
  path: string | null
  epoch: number | null
  step: number | null
}

/** What a batch goes on from, as its newest checkpoint tells. */
export function savedAs(checkpoint: Readonly<Record<string, unknown>> | null): Saved | null {
  if (!checkpoint) return null
  const word = (name: string): string | null => (typeof checkpoint[name] === 'string' && checkpoint[name] !== '' ? (checkpoint[name] as string) : null)
  const count = (name: string): number | null => (typeof checkpoint[name] === 'number' ? (checkpoint[name] as number) : null)
  return { job: word('job_id'), path: word('path'), epoch: count('epoch'), step: count('step') }
}

/** Lines for a shell that let a paused batch go on under its own name, where it saved itself. */
export function resumeLines(batch: Pick<Batch, 'id' | 'command' | 'env_snapshot' | 'checkpoint'>): string {
  const path = savedAs(batch.checkpoint)?.path
  const names = [`export ARGUS_BATCH_ID=${quoted(batch.id)}`, ...(path ? [`export ARGUS_RESUME_FROM=${quoted(path)}`] : [])]
  const lines = rerunLines({ command: batch.command ?? '', snapshot: batch.env_snapshot, overrides: {}, withCode: true }).split('\n')
  return [...lines.slice(0, -1), ...names, ...lines.slice(-1)].join('\n')
}
