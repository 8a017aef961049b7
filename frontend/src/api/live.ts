// The one live connection of a page. It streams /api/sse with fetch (so that the token travels in a header, never in
// the URL), reconnects with back-off from the last event id, and hands events on in batches, one per frame.
import { accessToken, freshToken, tokenAfter } from './session'
import { createSseParser, type SseFrame } from './sse'

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

export interface LiveOptions {
  onEvents: (events: LiveEvent[]) => void
  /** What the page holds may have holes: read it again. */
  onResync: (reason: string) => void
  onStatus: (status: LiveStatus) => void
  onClosed?: (channel: string, reason: string) => void
  fetch?: typeof fetch
  silenceMs?: number
}

// The server sends a keepalive after 15 s of silence; three missed ones mean a dead line.
const SILENCE_MS = 45_000
const BACKOFF_MS = { first: 1_000, longest: 30_000 }
const MAX_CHANNELS = 64
const NOT_EVENTS = new Set(['hello', 'keepalive', 'resync', 'closed', 'message'])

export class LiveConnection {
  private channels: string[] = []
  private lastId: string | null = null
  private attempt = 0
  private controller: AbortController | null = null
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined
  private pending: LiveEvent[] = []
  private scheduled = false
  private renewed = false
  private state: LiveState = 'idle'
  private readonly seen = new RecentIds(4_096)

  constructor(private readonly options: LiveOptions) {}

  /** Follows exactly these channels from now on. A different set opens a new stream, after which the page reads again. */
  follow(wanted: readonly string[]): void {
    const channels = [...new Set(wanted)].sort().slice(0, MAX_CHANNELS)
    if (channels.join() === this.channels.join()) return
    this.channels = channels
    this.lastId = null
    this.attempt = 0
    if (channels.length === 0) this.stop()
    else this.connect()
  }

  stop(): void {
    this.channels = []
    this.hangUp()
    this.setState('idle')
  }

  /** Tries at once instead of waiting for the back-off: the network came back, or the page became visible. */
  wake(): void {
    if (this.channels.length > 0 && this.state !== 'live') this.connect()
  }

  /** The network is known to be gone: says so now, not when the silence is noticed. */
  interrupt(): void {
    this.controller?.abort()
  }

  private hangUp(): void {
    clearTimeout(this.retryTimer)
    clearTimeout(this.silenceTimer)
    this.controller?.abort()
    this.controller = null
  }

  private connect(): void {
    this.hangUp()
    const controller = new AbortController()
    this.controller = controller
    if (this.state !== 'offline') this.setState('connecting')
    void this.stream(controller).then(
      () => this.lost(controller),
      () => this.lost(controller),
    )
  }

  private async stream(controller: AbortController): Promise<void> {
    const token = await freshToken()
    if (!token || controller.signal.aborted) return
    const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' }
    if (this.lastId) headers['Last-Event-ID'] = this.lastId
    this.listenForSilence(controller)
    const response = await (this.options.fetch ?? fetch)(`/api/sse?channels=${encodeURIComponent(this.channels.join(','))}`, {
      headers,
      signal: controller.signal,
      cache: 'no-store',
    })
    if (response.status === 401) return this.again(token, controller)
    if (response.status === 403 || response.status === 404) return this.refused()
    if (!response.ok || !response.body) return
    const parse = createSseParser((frame) => this.receive(frame, controller))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done || controller.signal.aborted) return
      this.listenForSilence(controller)
      parse(value)
    }
  }

  /** The server takes this token no more: goes on at once with a new one, from where it was, or the session is over. */
  private async again(used: string | null, controller: AbortController): Promise<void> {
    // A new token that is refused as well is for the back-off.
    if (this.renewed) return
    this.renewed = true
    const newer = await tokenAfter(used)
    if (newer !== null && controller === this.controller && this.channels.length > 0) this.connect()
  }

  private receive(frame: SseFrame, controller: AbortController): void {
    if (controller !== this.controller) return
    if (frame.event === 'hello') return this.opened()
    if (frame.event === 'resync') return this.resync(frame.data)
    if (frame.event === 'closed') return this.channelClosed(frame.data)
    if (frame.id) this.lastId = frame.id
    if (!NOT_EVENTS.has(frame.event)) this.enqueue(frame)
  }

  private opened(): void {
    const resumed = this.lastId !== null
    this.attempt = 0
    this.renewed = false
    this.setState('live')
    if (!resumed) this.options.onResync('opened')
  }

  private resync(data: string): void {
    const { reason } = JSON.parse(data) as { reason?: string }
    this.options.onResync(reason ?? 'gap')
  }

  private channelClosed(data: string): void {
    const { channel, reason } = JSON.parse(data) as { channel?: string; reason?: string }
    if (reason === 'session_ended') {
      const { controller } = this
      return void (controller && this.again(accessToken(), controller))
    }
    if (channel) this.channels = this.channels.filter((name) => name !== channel)
    this.options.onClosed?.(channel ?? '', reason ?? '')
  }

  /** One channel may not be read (deleted, or no longer shared): go on with those that always may. */
  private refused(): void {
    const safe = this.channels.filter((name) => !name.includes(':'))
    const dropped = this.channels.filter((name) => name.includes(':'))
    this.channels = safe
    for (const name of dropped) this.options.onClosed?.(name, 'refused')
  }

  private lost(controller: AbortController): void {
    if (controller !== this.controller) return
    this.hangUp()
    if (this.channels.length === 0) return this.setState('idle')
    this.setState(this.attempt === 0 ? 'behind' : 'offline')
    const wait = Math.min(BACKOFF_MS.first * 2 ** this.attempt, BACKOFF_MS.longest)
    this.attempt += 1
    this.retryTimer = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2))
  }

  private listenForSilence(controller: AbortController): void {
    clearTimeout(this.silenceTimer)
    this.silenceTimer = setTimeout(() => controller.abort(), this.options.silenceMs ?? SILENCE_MS)
  }

  private enqueue(frame: SseFrame): void {
    const event = JSON.parse(frame.data) as LiveEvent
    if (event.event_id && !this.seen.add(event.event_id)) return
    this.pending.push({ ...event, event_type: event.event_type ?? frame.event })
    if (this.scheduled) return
    this.scheduled = true
    // A hidden page gets no animation frames; a timer keeps its stores true at a slower pace.
    if (document.hidden) setTimeout(() => this.flush(), 250)
    else requestAnimationFrame(() => this.flush())
  }

  private flush(): void {
    this.scheduled = false
    const events = this.pending
    this.pending = []
    if (events.length > 0) this.options.onEvents(events)
  }

  private setState(state: LiveState): void {
    if (state === this.state) return
    this.state = state
    this.options.onStatus({ state, since: Date.now() })
  }
}

/** Remembers the latest ids: the same event arrives once per channel, and again after a replay. */
class RecentIds {
  private readonly ids = new Set<string>()

  constructor(private readonly capacity: number) {}

  /** False when the id was already there. */
  add(id: string): boolean {
    if (this.ids.has(id)) return false
    this.ids.add(id)
    if (this.ids.size > this.capacity) this.ids.delete(this.ids.values().next().value as string)
    return true
  }
}
