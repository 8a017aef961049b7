// What comes over the live stream, and what is known of the stream itself.

export interface LiveEvent {
  event_type: string
  event_id: string
  timestamp: string
  batch_id: string
  job_id: string | null
  source: { project: string; host: string | null; user: string | null; command: string | null }
  data: Record<string, unknown>
  channel: string
}

export type LiveState = 'idle' | 'connecting' | 'live' | 'behind' | 'offline'

export interface LiveStatus {
  state: LiveState
  /** When the present state began, in milliseconds since 1970. */
  since: number
}

/** Where tokens come from. A token travels in a header, never in the URL. */
export interface TokenSource {
  /** One that is good now; null when nobody is signed in. */
  fresh: () => Promise<string | null>
  /** One in place of `used`, which the server refused; null when the session is over or nobody could say. */
  after: (used: string) => Promise<string | null>
}

/** What a reader of the stream is told. */
export interface LiveOutputs {
  onEvents: (events: LiveEvent[]) => void
  /** What the page holds may have holes, or nothing was read yet: read it (again). */
  onResync: (reason: string) => void
  /** All that happens from now on will come: what is read from now on has no holes. What was read before has none either. */
  onJoined: () => void
  onStatus: (status: LiveStatus) => void
  /** A channel may no longer be read. */
  onClosed: (channel: string, reason: string) => void
}
