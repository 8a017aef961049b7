// How far the end of a batch is that somebody asked for. Pure.

export type StageName = 'flag' | 'waits' | 'agent' | 'sigterm' | 'sigkill' | 'ended' | 'refused'

export interface Stage {
  name: StageName
  /** Since when; null where nobody knows. */
  at: string | null
  /** What the host said of it. */
  detail: string | null
  /** When its next measure follows, in milliseconds, where the host said how long it waits. */
  until: number | null
}

interface Told {
  status: string
  error: string | null
  created_at: string
  steps: readonly { step: string; at: string; received_at: string; detail: string | null }[]
}

const STAGES: Readonly<Record<string, StageName>> = { started: 'agent', note: 'agent', spawned: 'agent', queued: 'agent', sigterm: 'sigterm', sigkill: 'sigkill', ended: 'ended', succeeded: 'ended' }
const NOT_TAKEN = new Set(['failed', 'expired', 'cancelled'])

/** The stage by the command of this stop; a command of an earlier one tells nothing. Without any there is the flag alone. */
export function stageOf(command: Told | null, askedAt: string | null): Stage {
  if (!command || isEarlier(command.created_at, askedAt)) return { name: 'flag', at: askedAt, detail: null, until: null }
  if (NOT_TAKEN.has(command.status)) return { name: 'refused', at: command.steps.at(-1)?.at ?? command.created_at, detail: command.error, until: null }
  const told = command.steps.filter(({ step }) => step in STAGES)
  const rank = (name: StageName): number => ORDER.indexOf(name)
  const last = told.reduce<Stage | null>((best, { step, at, received_at: received, detail }) => {
    const name = STAGES[step] as StageName
    if (best && rank(name) < rank(best.name)) return best
    const before = best?.name === name ? best : null
    return { name, at, detail: detail ?? before?.detail ?? null, until: endOf(received, detail) ?? before?.until ?? null }
  }, null)
  return last ?? { name: 'waits', at: command.created_at, detail: null, until: null }
}

const ORDER: readonly StageName[] = ['agent', 'sigterm', 'sigkill', 'ended']

// As an agent says it: "It has 30 s to end, then SIGKILL." Counted from when that was heard: its own clock may be wrong.
const WAITS = /^It has (\d+(?:\.\d+)?) s\b/

function endOf(received: string, detail: string | null): number | null {
  const seconds = WAITS.exec(detail ?? '')?.[1]
  return seconds === undefined ? null : Date.parse(received) + Number(seconds) * 1000
}

// The command is queued just after the wish was written down, and clocks of one server agree by that much.
const SLACK_MS = 5_000

function isEarlier(created: string, asked: string | null): boolean {
  return asked !== null && Date.parse(created) < Date.parse(asked) - SLACK_MS
}
