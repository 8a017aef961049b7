// The worker's side: a seat of the switchboard for each tab's port, and tokens from whichever tab answers.
import { GONE_MS, type ToTab, type ToWorker } from './messages'
import { Switchboard, type SwitchboardOptions } from './switchboard'
import type { LiveEvent, TokenSource } from './types'

/** Events of one stroke go to a tab in one message; it shows them once a frame anyway. */
const STROKE_MS = 8
const TOKEN_PATIENCE_MS = 10_000

export interface Port {
  postMessage: (message: ToTab) => void
}

interface Tab {
  port: Port
  heardAt: number
  pending: LiveEvent[]
}

export class Desk {
  private readonly tabs = new Map<string, Tab>()
  private readonly questions = new Map<number, (token: string | null) => void>()
  private readonly switchboard: Switchboard
  private count = 0
  private asked = 0

  constructor(options: Omit<SwitchboardOptions, 'tokens'> = {}) {
    const tokens: TokenSource = { fresh: () => this.askForToken(null), after: (used) => this.askForToken(used) }
    this.switchboard = new Switchboard({ ...options, tokens })
  }

  /** Takes in a tab; returns what handles its messages. */
  open(port: Port): (message: ToWorker) => void {
    this.count += 1
    const id = String(this.count)
    this.seat(id, port)
    return (message) => this.receive(id, port, message)
  }

  private seat(id: string, port: Port): Tab {
    const tab: Tab = { port, heardAt: Date.now(), pending: [] }
    this.tabs.set(id, tab)
    this.switchboard.join(id, {
      onEvents: (events) => this.post(tab, events),
      onResync: (reason) => port.postMessage({ kind: 'resync', reason }),
      onJoined: () => port.postMessage({ kind: 'joined' }),
      onStatus: (status) => port.postMessage({ kind: 'status', status }),
      onClosed: (channel, reason) => port.postMessage({ kind: 'closed', channel, reason }),
    })
    return tab
  }

  private receive(id: string, port: Port, message: ToWorker): void {
    // A tab that was thought gone, or that comes back from the browser's cache of pages, is a new one.
    const tab = this.tabs.get(id) ?? (message.kind === 'bye' ? null : this.seat(id, port))
    if (tab) tab.heardAt = Date.now()
    this.dropGone()
    switch (message.kind) {
      case 'follow':
        return this.switchboard.follow(id, message.channels, message.isRead)
      case 'show':
        return this.switchboard.show(id, message.isVisible)
      case 'here':
        return port.postMessage({ kind: 'here' })
      case 'retry':
        return this.switchboard.retry()
      case 'interrupt':
        return this.switchboard.interrupt()
      case 'token':
        return this.questions.get(message.question)?.(message.token)
      case 'bye':
        return this.drop(id)
    }
  }

  private drop(id: string): void {
    this.tabs.delete(id)
    this.switchboard.leave(id)
  }

  private dropGone(): void {
    const limit = Date.now() - GONE_MS
    for (const id of this.switchboard.looking) if ((this.tabs.get(id)?.heardAt ?? 0) < limit) this.drop(id)
  }

  private post(tab: Tab, events: LiveEvent[]): void {
    if (tab.pending.length === 0) {
      setTimeout(() => {
        tab.port.postMessage({ kind: 'events', events: tab.pending })
        tab.pending = []
      }, STROKE_MS)
    }
    tab.pending.push(...events)
  }

  /** The tab that was looked at last answers first; one that does not is passed over. */
  private async askForToken(refused: string | null): Promise<string | null> {
    for (const id of this.switchboard.looking) {
      const tab = this.tabs.get(id)
      const answer = tab && (await this.ask(tab, refused))
      if (answer !== undefined) return answer
    }
    return null
  }

  private ask(tab: Tab, refused: string | null): Promise<string | null | undefined> {
    this.asked += 1
    const question = this.asked
    return new Promise<string | null | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), TOKEN_PATIENCE_MS)
      this.questions.set(question, (token) => {
        clearTimeout(timer)
        resolve(token)
      })
      tab.port.postMessage({ kind: 'token', question, refused })
    }).finally(() => this.questions.delete(question))
  }
}
