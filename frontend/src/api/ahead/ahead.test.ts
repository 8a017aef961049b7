import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openLine } from '../live'
import type { ToTab, ToWorker } from '../live/messages'
import type { LiveEvent } from '../live/types'
import { askAhead, dropAhead, takeAhead } from './answers'
import { channelsAhead, openAhead, takeLine } from './line'

const AS_MIRA = { Authorization: 'Bearer one' }
const ask = (path: string, token = 'one'): Request => new Request(new URL(path, window.location.origin), { headers: { Authorization: `Bearer ${token}` } })

describe('answers that came before the question', () => {
  let fetched: string[]
  beforeEach(() => {
    fetched = []
    vi.stubGlobal('fetch', (input: Request | string) => {
      const path = typeof input === 'string' ? new URL(input).pathname : `again ${new URL(input.url).pathname}`
      fetched.push(path)
      return path === '/api/broken' ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(new Response(path))
    })
    askAhead(['/api/batches/a', '/api/broken'], AS_MIRA)
  })
  afterEach(dropAhead)

  it('are given once, to the same question of the same person', async () => {
    expect(takeAhead(ask('/api/batches/b'))).toBeNull()
    const answer = await takeAhead(ask('/api/batches/a'))
    expect(await answer?.text()).toBe('/api/batches/a')
    expect(takeAhead(ask('/api/batches/a'))).toBeNull()
  })

  it('are not for another token, nor for what changes something', () => {
    expect(takeAhead(ask('/api/batches/a', 'two'))).toBeNull()
    expect(takeAhead(new Request(ask('/api/batches/a'), { method: 'POST' }))).toBeNull()
  })

  it('are asked for again where they failed', async () => {
    expect(await (await takeAhead(ask('/api/broken')))?.text()).toBe('again /api/broken')
  })

  it('are asked for two at a time where connections are few, and not for what the page has asked for itself', async () => {
    fetched = []
    askAhead(['/api/one', '/api/two', '/api/three', '/api/four'], AS_MIRA)
    expect(fetched).toEqual(['/api/one', '/api/two'])
    expect(takeAhead(ask('/api/three'))).toBeNull()
    await new Promise((resolve) => setTimeout(resolve))
    expect(fetched).toEqual(['/api/one', '/api/two', '/api/four'])
  })

  it('are nothing any more once something has happened', () => {
    dropAhead()
    expect(takeAhead(ask('/api/batches/a'))).toBeNull()
  })
})

/** A worker whose side the test plays. */
class FakeWorker {
  static last: FakeWorker
  readonly got: ToWorker[] = []
  readonly port = { postMessage: (message: ToWorker) => this.got.push(message), close: vi.fn(), onmessage: null as ((event: { data: ToTab }) => void) | null }
  onerror = null
  constructor() {
    FakeWorker.last = this
  }
  say(message: ToTab): void {
    this.port.onmessage?.({ data: message })
  }
}

describe('a line that was opened ahead', () => {
  let heard: string[]
  let joined: number
  const outputs = {
    onEvents: (events: LiveEvent[]) => heard.push(...events.map(({ event_id: id }) => id)),
    onJoined: () => heard.push('joined'),
    onResync: () => heard.push('resync'),
    onStatus: () => undefined,
    onClosed: () => undefined,
  }
  const event: ToTab = { kind: 'events', events: [{ event_id: 'e1' } as LiveEvent] }

  beforeEach(() => {
    vi.stubGlobal('SharedWorker', FakeWorker)
    vi.stubGlobal('requestAnimationFrame', (go: () => void) => (queueMicrotask(go), 0))
    ;[heard, joined] = [[], 0]
    openAhead(7, 'token-1', ['batch:a', 'inbox'], () => (joined += 1))
  })
  afterEach(() => takeLine(0))

  it('follows the channels, gives the token, and says once when all is heard', () => {
    const worker = FakeWorker.last
    worker.say({ kind: 'token', question: 3, refused: null })
    worker.say({ kind: 'resync', reason: 'opened' })
    worker.say({ kind: 'resync', reason: 'gap' })
    expect(worker.got.slice(1)).toEqual([{ kind: 'follow', channels: ['batch:a', 'inbox'], isRead: false }, { kind: 'token', question: 3, token: 'token-1' }])
    expect([joined, channelsAhead()]).toEqual([1, ['batch:a', 'inbox']])
  })

  it('is taken over with what it heard, and not told the same channels again', async () => {
    const worker = FakeWorker.last
    worker.say({ kind: 'resync', reason: 'opened' })
    worker.say(event)
    const line = openLine(7, outputs)
    line.follow(['inbox', 'batch:a'], false)
    await Promise.resolve()
    expect(heard).toEqual(['resync', 'e1'])
    expect(worker.got.filter(({ kind }) => kind === 'follow')).toHaveLength(1)
    expect(worker).toBe(FakeWorker.last)
    line.close()
  })

  it('goes on with other channels, whose beginning is not known yet', () => {
    const worker = FakeWorker.last
    worker.say({ kind: 'resync', reason: 'opened' })
    const line = openLine(7, outputs)
    line.follow(['inbox', 'visible'], false)
    expect(heard).toEqual([])
    expect(worker.got.at(-1)).toEqual({ kind: 'follow', channels: ['inbox', 'visible'], isRead: false })
    line.close()
  })

  it('is not for somebody else', () => {
    const before = FakeWorker.last
    const line = openLine(8, outputs)
    expect(before.got.at(-1)).toEqual({ kind: 'bye' })
    expect(FakeWorker.last).not.toBe(before)
    line.close()
  })

  it('drops what was read when something happens after it', () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('old')))
    FakeWorker.last.say({ kind: 'resync', reason: 'opened' })
    askAhead(['/api/batches/a'], AS_MIRA)
    const line = openLine(7, outputs)
    line.follow(['inbox', 'batch:a'], false)
    FakeWorker.last.say(event)
    expect(takeAhead(ask('/api/batches/a'))).toBeNull()
    line.close()
  })
})
