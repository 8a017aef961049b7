// A tab's line to the stream: through the worker that all tabs share, or, where a browser has no such workers, its own.
import { dropAhead } from '../ahead/answers'
import { takeLine } from '../ahead/line'
import { freshToken, tokenAfter } from '../session'
import { GONE_MS, HERE_MS, type ToTab, type ToWorker } from './messages'
import { startWorker } from './shared'
import { Switchboard } from './switchboard'
import type { LiveEvent, LiveOutputs } from './types'

export interface LiveLine {
  /** `isRead`: something of new channels may have been read already. */
  follow: (channels: readonly string[], isRead: boolean) => void
  show: (isVisible: boolean) => void
  /** The network is there again. */
  retry: () => void
  /** The network is known to be gone. */
  interrupt: () => void
  close: () => void
}

/** Opens the line of one account. `outputs.onEvents` gets what came since the last frame, once a frame. */
export function openLine(account: number, outputs: LiveOutputs): LiveLine {
  const framed = { ...outputs, onEvents: oncePerFrame(outputs.onEvents) }
  return sharedLine(account, framed) ?? ownLine(framed)
}

const isSame = (some: readonly string[], others: readonly string[]): boolean => some.length === others.length && some.every((name) => others.includes(name))

function ownLine(outputs: LiveOutputs): LiveLine {
  const switchboard = new Switchboard({ tokens: { fresh: freshToken, after: tokenAfter } })
  switchboard.join('own', outputs)
  return {
    follow: (channels, isRead) => switchboard.follow('own', channels, isRead),
    show: (isVisible) => switchboard.show('own', isVisible),
    retry: () => switchboard.retry(),
    interrupt: () => switchboard.interrupt(),
    close: () => switchboard.leave('own'),
  }
}

/** The tab's end of the worker's port. A worker that falls silent is replaced by a line of the tab's own. */
function sharedLine(account: number, outputs: LiveOutputs): LiveLine | null {
  // Begun before this code was there: it follows the page's channels already.
  let ahead = takeLine(account)
  const worker = ahead?.worker ?? startWorker(account)
  if (!worker) return null
  const { port } = worker
  let instead: LiveLine | null = null
  let channels: readonly string[] = []
  let isVisible = true
  let heardAt = Date.now()
  const tell = (message: ToWorker): void => port.postMessage(message)
  const beat = setInterval(() => {
    if (!isVisible) return
    if (Date.now() - heardAt > GONE_MS) return replace()
    tell({ kind: 'here' })
  }, HERE_MS)

  const answer = async (question: number, refused: string | null): Promise<void> => {
    tell({ kind: 'token', question, token: await (refused === null ? freshToken() : tokenAfter(refused)) })
  }
  const receive = (message: ToTab): void => {
    heardAt = Date.now()
    if (message.kind === 'events') outputs.onEvents(message.events)
    else if (message.kind === 'resync') outputs.onResync(message.reason)
    else if (message.kind === 'joined') outputs.onJoined()
    else if (message.kind === 'status') outputs.onStatus(message.status)
    else if (message.kind === 'closed') outputs.onClosed(message.channel, message.reason)
    else if (message.kind === 'token') void answer(message.question, message.refused)
  }
  const away = (): void => tell({ kind: 'bye' })
  const back = (event: PageTransitionEvent): void => {
    if (event.persisted) begin()
  }
  const begin = (): void => {
    tell({ kind: 'show', isVisible })
    tell({ kind: 'follow', channels, isRead: true })
  }
  const hangUp = (): void => {
    clearInterval(beat)
    window.removeEventListener('pagehide', away)
    window.removeEventListener('pageshow', back)
    away()
    port.onmessage = null
    port.close()
  }
  const replace = (): void => {
    hangUp()
    instead = ownLine(outputs)
    instead.show(isVisible)
    instead.follow(channels, true)
  }

  port.onmessage = ({ data: message }: MessageEvent<ToTab>) => {
    if (message.kind === 'events' || message.kind === 'resync') dropAhead()
    receive(message)
  }
  worker.onerror = () => instead ?? replace()
  window.addEventListener('pagehide', away)
  window.addEventListener('pageshow', back)
  return {
    follow: (names, isRead) => {
      channels = names
      const begun = ahead
      ahead = null
      if (begun && isSame(begun.channels, names)) return begun.heard.forEach(receive)
      if (instead) instead.follow(names, isRead)
      else tell({ kind: 'follow', channels: names, isRead })
      // From where on these channels are heard the worker will say.
      begun?.heard.forEach((message) => message.kind === 'resync' || message.kind === 'joined' || receive(message))
    },
    show: (visible) => {
      isVisible = visible
      // While it was hidden nobody said a word: that is no silence.
      heardAt = Date.now()
      if (instead) instead.show(visible)
      else tell({ kind: 'show', isVisible: visible })
    },
    retry: () => (instead ? instead.retry() : tell({ kind: 'retry' })),
    interrupt: () => (instead ? instead.interrupt() : tell({ kind: 'interrupt' })),
    close: () => (instead ? instead.close() : hangUp()),
  }
}

function oncePerFrame(handOn: (events: LiveEvent[]) => void): (events: LiveEvent[]) => void {
  let pending: LiveEvent[] = []
  const flush = (): void => {
    const events = pending
    pending = []
    handOn(events)
  }
  return (events) => {
    if (pending.length === 0) {
      // A hidden page gets no animation frames; a timer keeps its stores true at a slower pace.
      if (document.hidden) setTimeout(flush, 250)
      else requestAnimationFrame(flush)
    }
    pending.push(...events)
  }
}
