// What a tab and the worker that holds the stream say to each other.
import type { LiveEvent, LiveStatus } from './types'

export type ToWorker =
  | { kind: 'follow'; channels: readonly string[]; isRead: boolean }
  | { kind: 'show'; isVisible: boolean }
  | { kind: 'here' }
  | { kind: 'retry' }
  | { kind: 'interrupt' }
  | { kind: 'token'; question: number; token: string | null }
  | { kind: 'bye' }

export type ToTab =
  | { kind: 'events'; events: LiveEvent[] }
  | { kind: 'resync'; reason: string }
  | { kind: 'joined' }
  | { kind: 'status'; status: LiveStatus }
  | { kind: 'closed'; channel: string; reason: string }
  /** Asks for a token that is good, in place of `refused` if there is one. The worker itself has no session. */
  | { kind: 'token'; question: number; refused: string | null }
  | { kind: 'here' }

/** How often a tab that is looked at says so, and hears that the worker is there. */
export const HERE_MS = 20_000
/** Who has said nothing for this long is gone: a tab that crashed says no word of leave. */
export const GONE_MS = 70_000
