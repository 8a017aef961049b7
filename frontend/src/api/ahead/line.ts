// This tab's line to the stream, opened before the app's code is there. The app takes it over with all that it has heard.
import type { ToTab, ToWorker } from '../live/messages'
import { startWorker } from '../live/shared'
import { dropAhead } from './answers'

export interface LineAhead {
  account: number
  port: MessagePort
  worker: SharedWorker
  channels: readonly string[]
  /** What the worker said meanwhile, in order. */
  heard: readonly ToTab[]
}

let held: LineAhead | null = null

/** Follows these channels; `onJoined` runs once all that happens on them from now on will come. */
export function openAhead(account: number, token: string, channels: readonly string[], onJoined: () => void): void {
  const worker = startWorker(account)
  if (!worker) return
  const { port } = worker
  const heard: ToTab[] = []
  const tell = (message: ToWorker): void => port.postMessage(message)
  let hasJoined = false
  held = { account, worker, port, channels, heard }
  port.onmessage = ({ data: message }: MessageEvent<ToTab>) => {
    // A refused token is for who can renew it.
    if (message.kind === 'token' && message.refused === null) return tell({ kind: 'token', question: message.question, token })
    heard.push(message)
    if (message.kind === 'events') dropAhead()
    if (message.kind !== 'resync' && message.kind !== 'joined') return
    if (hasJoined) return dropAhead()
    hasJoined = true
    onJoined()
  }
  tell({ kind: 'show', isVisible: !document.hidden })
  tell({ kind: 'follow', channels, isRead: false })
}

export const channelsAhead = (): readonly string[] => held?.channels ?? []

/** The line of this account, once. One of somebody else ends. */
export function takeLine(account: number): LineAhead | null {
  const line = held
  held = null
  if (!line || line.account === account) return line
  line.port.postMessage({ kind: 'bye' } satisfies ToWorker)
  line.port.close()
  return null
}
