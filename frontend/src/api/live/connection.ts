// One stream of /api/sse, read with fetch (so that the token travels in a header, never in the URL). It reconnects with
// back-off and goes on from the last event id.
import { createSseParser, type SseFrame } from '../sse'
import type { LiveEvent, LiveState, LiveStatus, TokenSource } from './types'

export interface ConnectionOptions {
  tokens: TokenSource
  onEvent: (event: LiveEvent) => void
  /** The stream is open; everything after its position will come. */
  onOpened: () => void
  /** The server skipped something on these channels (all, when there are none). */
  onResync: (reason: string, channels: readonly string[]) => void
  onStatus: (status: LiveStatus) => void
  onClosed: (channel: string, reason: string) => void
  fetch?: typeof fetch
  silenceMs?: number
}

// The server sends a keepalive after 15 s of silence: one that is overdue is said, three missed ones mean a dead line.
const OVERDUE_MS = 25_000
const SILENCE_MS = 45_000
const BACKOFF_MS = { first: 1_000, longest: 30_000 }
const NOT_EVENTS = new Set(['hello', 'keepalive', 'resync', 'closed', 'message'])

export class LiveConnection {
  private channels: string[] = []
  private lastId: string | null = null
  private attempt = 0
  private controller: AbortController | null = null
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined
  private overdueTimer: ReturnType<typeof setTimeout> | undefined
  private renewed = false
  /** Open, but nothing has come for longer than a keepalive takes. */
  private isOverdue = false
  private state: LiveState = 'idle'

  constructor(private readonly options: ConnectionOptions) {}

  /** The id of the latest frame, or where the stream began; null before it was open. */
  get position(): string | null {
    return this.lastId
  }

  get isLive(): boolean {
    return this.state === 'live'
  }

  /** Opens a stream of exactly these channels, after `position` or from now on; none: hangs up. */
  follow(channels: readonly string[], position: string | null): void {
    this.channels = [...channels]
    this.lastId = position
    this.attempt = 0
    if (channels.length > 0) return this.connect()
    this.hangUp()
    this.setState('idle')
  }

  /** Tries at once instead of waiting for the back-off: a page became visible. */
  wake(): void {
    if (this.channels.length > 0 && this.controller === null) this.connect()
  }

  /** The network came back: an attempt that was made without it is given up for a new one. */
  retry(): void {
    if (this.channels.length > 0 && this.state !== 'live') this.connect()
  }

  /** The network is known to be gone: says so now, not when the silence is noticed. */
  interrupt(): void {
    if (this.channels.length === 0) return
    this.setState('offline')
    this.attempt ||= 1
    this.controller?.abort()
  }

  private hangUp(): void {
    this.isOverdue = false
    clearTimeout(this.retryTimer)
    clearTimeout(this.silenceTimer)
    clearTimeout(this.overdueTimer)
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
    const token = await this.options.tokens.fresh()
    if (!token || controller.signal.aborted) return
    this.listenForSilence(controller)
    const response = await this.request(this.channels, token, controller.signal, this.lastId)
    if (response.status === 401) return this.again(token, controller)
    if (response.status === 403 || response.status === 404) return this.dropRefused(token, controller)
    if (!response.ok || !response.body) return
    const parse = createSseParser((frame) => this.receive(frame, token, controller))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done || controller.signal.aborted) return
      this.heard(controller)
      parse(value)
    }
  }

  private request(channels: readonly string[], token: string, signal: AbortSignal, after: string | null): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' }
    if (after) headers['Last-Event-ID'] = after
    const ask = this.options.fetch ?? fetch
    return ask(`/api/sse?channels=${encodeURIComponent(channels.join(','))}`, { headers, signal, cache: 'no-store' })
  }

  /** The server takes this token no more: goes on at once with a new one, from where it was, or the session is over. */
  private async again(used: string, controller: AbortController): Promise<void> {
    // A new token that is refused as well is for the back-off.
    if (this.renewed) return
    this.renewed = true
    const newer = await this.options.tokens.after(used)
    if (newer !== null && controller === this.controller && this.channels.length > 0) this.connect()
  }

  private receive(frame: SseFrame, token: string, controller: AbortController): void {
    if (controller !== this.controller) return
    if (frame.event === 'hello') return this.opened(frame.data)
    if (frame.event === 'resync') return this.resync(frame.data)
    if (frame.event === 'closed') return this.channelClosed(frame.data, token, controller)
    if (frame.id) this.lastId = frame.id
    if (NOT_EVENTS.has(frame.event)) return
    const event = JSON.parse(frame.data) as LiveEvent
    this.options.onEvent({ ...event, event_type: event.event_type ?? frame.event })
  }

  private opened(data: string): void {
    const { last_event_id: position } = JSON.parse(data) as { last_event_id?: string }
    this.lastId ??= position ?? null
    this.attempt = 0
    this.renewed = false
    this.setState('live')
    this.options.onOpened()
  }

  private resync(data: string): void {
    const { reason, channels } = JSON.parse(data) as { reason?: string; channels?: string[] }
    this.options.onResync(reason ?? 'gap', channels ?? [])
  }

  private channelClosed(data: string, token: string, controller: AbortController): void {
    const { channel, reason } = JSON.parse(data) as { channel?: string; reason?: string }
    if (reason === 'session_ended') return void this.again(token, controller)
    if (channel) this.forget(channel, reason ?? '')
  }

  /** One channel that may not be read (deleted, or no longer shared) fails all: finds which, and goes on without it. */
  private async dropRefused(token: string, controller: AbortController): Promise<void> {
    const asked = this.channels.filter((name) => name.includes(':'))
    for (const channel of asked) {
      const probe = new AbortController()
      const { status } = await this.request([channel], token, AbortSignal.any([probe.signal, controller.signal]), null)
      probe.abort()
      if (status === 403 || status === 404) this.forget(channel, 'refused')
    }
    if (controller === this.controller && this.channels.length > 0) this.connect()
  }

  private forget(channel: string, reason: string): void {
    this.channels = this.channels.filter((name) => name !== channel)
    this.options.onClosed(channel, reason)
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

  /** A line that was silent for long is there after all: nothing was missed. */
  private heard(controller: AbortController): void {
    this.listenForSilence(controller)
    if (!this.isOverdue) return
    this.isOverdue = false
    this.setState('live')
    this.options.onOpened()
  }

  private overdue(): void {
    if (this.state !== 'live') return
    this.isOverdue = true
    this.setState('behind')
  }

  private listenForSilence(controller: AbortController): void {
    clearTimeout(this.silenceTimer)
    clearTimeout(this.overdueTimer)
    this.overdueTimer = setTimeout(() => this.overdue(), OVERDUE_MS)
    this.silenceTimer = setTimeout(() => controller.abort(), this.options.silenceMs ?? SILENCE_MS)
  }

  private setState(state: LiveState): void {
    if (state === this.state) return
    this.state = state
    this.options.onStatus({ state, since: Date.now() })
  }
}
