// The tabs of one browser on one stream. Each tab has a seat with the channels of its page; the stream carries those of
// all seats that are looked at. When a page moves on, the stream goes on with other channels from where it was, so no
// other tab loses or reads again anything.
import { LiveConnection, type ConnectionOptions } from './connection'
import { earlier, forOtherChannels } from './position'
import { RecentIds } from './recent'
import type { LiveEvent, LiveOutputs, LiveStatus, TokenSource } from './types'

export interface SwitchboardOptions extends Pick<ConnectionOptions, 'fetch' | 'silenceMs'> {
  tokens: TokenSource
}

/** How long a hidden tab keeps its channels: short looks elsewhere cost nothing. */
const GRACE_MS = 15_000
/** A tab that was away for longer reads its page again, which is less than what it missed. */
const REPLAY_WORTH_MS = 300_000
/** So long after a page was told to read, channels that it finds it needs besides are replayed from there. */
const READ_LATELY_MS = 60_000
const MAX_CHANNELS = 64

interface Seat {
  outputs: LiveOutputs
  channels: readonly string[]
  isVisible: boolean
  /** When it was looked at last; the limit on channels is spent in this order. */
  shownAt: number
  /** Off the stream since then: what it missed begins at the position. */
  parked: { at: number; position: string | null } | null
  /** Was told to read, and has missed nothing since. */
  isCurrent: boolean
  /** When it was told to read, and where the stream was: all that it shows was read after that. */
  begun: { at: number; position: string | null } | null
  /** Where the next stream is to begin, so that its new channels have no gap. */
  owed: string | null
  seen: RecentIds
}

export class Switchboard {
  private readonly seats = new Map<string, Seat>()
  private readonly connection: LiveConnection
  private carried = new Set<string>()
  private shrinkTimer: ReturnType<typeof setTimeout> | undefined
  private status: LiveStatus = { state: 'idle', since: Date.now() }

  constructor(options: SwitchboardOptions) {
    this.connection = new LiveConnection({
      ...options,
      onEvent: (event) => this.deliver(event),
      onOpened: () => this.settle(),
      onResync: (reason, channels) => this.resync(reason, channels),
      onStatus: (status) => this.setStatus(status),
      onClosed: (channel, reason) => this.closed(channel, reason),
    })
  }

  join(id: string, outputs: LiveOutputs): void {
    this.seats.set(id, { outputs, channels: [], isVisible: true, shownAt: Date.now(), parked: null, isCurrent: false, begun: null, owed: null, seen: new RecentIds(4_096) })
    outputs.onStatus(this.status)
  }

  leave(id: string): void {
    if (this.seats.delete(id)) this.replan()
  }

  /**
   * From now on the seat follows exactly these channels. Where nothing of the new ones was read yet (not `isRead`) and it
   * is known how far the stream came, nobody needs to wait for them: they are replayed from there. What was read is no
   * older than where its reading began: soon after that they are replayed from there, and nothing is read again.
   */
  follow(id: string, wanted: readonly string[], isRead = true): void {
    const seat = this.seats.get(id)
    if (!seat) return
    const channels = [...new Set(wanted)].sort()
    if (channels.join() === seat.channels.join()) return
    const isKnown = this.connection.position !== null && seat.parked === null && (seat.isCurrent || seat.channels.length === 0)
    if (isRead && isKnown) seat.owed = this.readLately(seat, channels)
    const joins = isKnown && seat.isVisible && (!isRead || seat.owed !== null)
    if (joins && !isRead) this.begin(seat)
    else if (!joins && !channels.every((name) => seat.channels.includes(name))) seat.isCurrent = false
    seat.channels = channels
    if (channels.length === 0) seat.parked = null
    this.replan()
    if (joins) seat.outputs.onJoined()
  }

  private begin(seat: Seat): void {
    seat.isCurrent = true
    seat.begun = { at: Date.now(), position: this.connection.position }
  }

  /** From where a stream with these channels as well leaves no gap in what the seat has read; null: that is long ago. */
  private readLately({ isCurrent, begun, channels: before }: Seat, channels: readonly string[]): string | null {
    const isMore = before.every((name) => channels.includes(name)) && channels.some((name) => !this.carried.has(name))
    return isCurrent && isMore && begun !== null && Date.now() - begun.at < READ_LATELY_MS ? begun.position : null
  }

  /** Whether the tab is looked at. When none is, the stream ends until one is again. */
  show(id: string, isVisible: boolean): void {
    const seat = this.seats.get(id)
    if (!seat || seat.isVisible === isVisible) return
    seat.isVisible = isVisible
    if (isVisible) seat.shownAt = Date.now()
    this.replan()
    if (isVisible) this.connection.wake()
  }

  /** The network is there again. */
  retry(): void {
    this.connection.retry()
  }

  /** The network is known to be gone. */
  interrupt(): void {
    this.connection.interrupt()
  }

  /** The seats that hold the stream open, the one looked at last first. */
  get looking(): string[] {
    const seats = [...this.seats].filter(([, seat]) => seat.isVisible)
    return seats.sort(([, a], [, b]) => b.shownAt - a.shownAt).map(([id]) => id)
  }

  private replan(): void {
    const wanted = this.wanted((seat) => seat.isVisible)
    const kept = this.wanted((seat) => seat.isVisible || !seat.parked)
    if ([...wanted].some((name) => !this.carried.has(name))) this.open(kept)
    else this.settle()
    this.planShrink(wanted)
  }

  /** Channels of the seats that count, at most as many as a stream may have. */
  private wanted(counts: (seat: Seat) => boolean): Set<string> {
    const seats = [...this.seats.values()].filter(counts).sort((a, b) => Number(b.isVisible) - Number(a.isVisible) || b.shownAt - a.shownAt)
    return new Set([...new Set(seats.flatMap(({ channels }) => channels))].slice(0, MAX_CHANNELS))
  }

  private open(channels: Set<string>): void {
    const here = this.connection.position
    let from: string | null = null
    for (const seat of this.seats.values()) {
      if (seat.isVisible && seat.parked) this.bringBack(seat)
      const own = seat.isCurrent ? (seat.parked?.position ?? seat.owed ?? here) : null
      if (own !== null && (seat.isVisible || !seat.parked)) from = from === null ? own : earlier(from, own)
      if (seat.isVisible) seat.parked = null
      seat.owed = null
    }
    this.carried = channels
    this.connection.follow([...channels].sort(), from && forOtherChannels(from))
  }

  /** What it missed is replayed, unless that is long ago. */
  private bringBack(seat: Seat): void {
    if (seat.parked === null || seat.parked.position === null || Date.now() - seat.parked.at > REPLAY_WORTH_MS) seat.isCurrent = false
  }

  /** Tells the seats whose channels flow now, and that have not read since, that they can. */
  private settle(): void {
    if (!this.connection.isLive) return
    for (const seat of this.seats.values()) {
      if (!seat.isVisible || seat.channels.length === 0 || !seat.channels.every((name) => this.carried.has(name))) continue
      if (seat.parked) [seat.parked, seat.isCurrent] = [null, false]
      if (seat.isCurrent) continue
      this.begin(seat)
      seat.outputs.onResync('opened')
    }
  }

  /** Channels that nobody looks at are let go after a while. */
  private planShrink(wanted: Set<string>): void {
    clearTimeout(this.shrinkTimer)
    if (this.carried.size > wanted.size) this.shrinkTimer = setTimeout(() => this.shrink(), this.seats.size === 0 ? 0 : GRACE_MS)
  }

  private shrink(): void {
    const position = this.connection.position
    for (const seat of this.seats.values()) {
      if (!seat.isVisible && !seat.parked) seat.parked = { at: Date.now(), position }
    }
    this.open(this.wanted((seat) => seat.isVisible))
  }

  private deliver(event: LiveEvent): void {
    for (const seat of this.seats.values()) {
      if (seat.parked || (event.channel && !seat.channels.includes(event.channel))) continue
      if (!event.event_id || seat.seen.add(event.event_id)) seat.outputs.onEvents([event])
    }
  }

  private resync(reason: string, channels: readonly string[]): void {
    for (const seat of this.seats.values()) {
      if (seat.parked) seat.parked.position = null
      else if (channels.length === 0 || seat.channels.some((name) => channels.includes(name))) seat.outputs.onResync(reason)
    }
  }

  private closed(channel: string, reason: string): void {
    this.carried.delete(channel)
    for (const seat of this.seats.values()) {
      if (!seat.channels.includes(channel)) continue
      seat.channels = seat.channels.filter((name) => name !== channel)
      seat.outputs.onClosed(channel, reason)
    }
  }

  private setStatus(status: LiveStatus): void {
    this.status = status
    for (const seat of this.seats.values()) seat.outputs.onStatus(status)
  }
}
