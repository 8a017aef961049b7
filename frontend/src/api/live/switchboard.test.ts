import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { endSession, freshToken, isSignedIn, startSession, tokenAfter } from '../session'
import { Switchboard } from './switchboard'
import type { LiveEvent, LiveOutputs, LiveState } from './types'

const user = { id: 1, username: 'mira' } as Parameters<typeof startSession>[0]['user']

/** A server with one stream per request, whose frames the test writes. */
class StreamServer {
  readonly requests: { url: string; headers: Record<string, string> }[] = []
  private readonly streams: ReadableStreamDefaultController<Uint8Array>[] = []
  status = 200
  /** Channels that the server refuses, and all streams that name one of them. */
  refused: string[] = []

  readonly fetch = ((url: string, init: RequestInit) => {
    this.requests.push({ url, headers: init.headers as Record<string, string> })
    const asked = decodeURIComponent(url.split('channels=')[1] ?? '').split(',')
    if (asked.some((name) => this.refused.includes(name))) return Promise.resolve(new Response('{}', { status: 403 }))
    if (this.status !== 200) return Promise.resolve(new Response('{}', { status: this.status }))
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller)
        init.signal?.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')))
      },
    })
    return Promise.resolve(new Response(body, { status: 200 }))
  }) as unknown as typeof fetch

  write(text: string): void {
    this.streams.at(-1)?.enqueue(new TextEncoder().encode(text))
  }

  event(id: string, name: string, eventId: string, channel?: string): void {
    this.write(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ event_type: name, event_id: eventId, batch_id: 'b', data: {}, channel })}\n\n`)
  }

  hello(position = '7-999999999'): void {
    this.write(`event: hello\ndata: {"last_event_id":"${position}"}\n\n`)
  }

  get lastRequest(): { channels: string; after: string | undefined } {
    const { url, headers } = this.requests.at(-1) ?? { url: '', headers: {} as Record<string, string> }
    return { channels: decodeURIComponent(url.split('channels=')[1] ?? ''), after: headers['Last-Event-ID'] }
  }

  drop(): void {
    this.streams.at(-1)?.close()
  }
}

describe('the live connection', () => {
  const server = { now: new StreamServer() }
  let events: LiveEvent[]
  let states: LiveState[]
  let resyncs: string[]
  let joined: number
  let closed: string[]
  let switchboard: Switchboard
  let connection: { follow: (channels: string[]) => void; interrupt: () => void }

  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(50)

  beforeEach(() => {
    vi.useFakeTimers()
    server.now = new StreamServer()
    ;[events, states, resyncs, closed, joined] = [[], [], [], [], 0]
    startSession({ access_token: 'token-1', token_type: 'bearer', expires_in: 86_400, user })
    switchboard = new Switchboard({ tokens: { fresh: freshToken, after: tokenAfter }, fetch: server.now.fetch })
    switchboard.join('tab', {
      onEvents: (batch) => events.push(...batch),
      onResync: (reason) => resyncs.push(reason),
      onJoined: () => (joined += 1),
      onStatus: ({ state }) => states.push(state),
      onClosed: (channel) => closed.push(channel),
    })
    states.length = 0
    connection = { follow: (channels) => switchboard.follow('tab', channels), interrupt: () => switchboard.interrupt() }
  })
  afterEach(() => {
    switchboard.leave('tab')
    endSession()
    vi.runOnlyPendingTimers()
    vi.useRealTimers()
  })

  it('sends the token in a header and the channels in the URL', async () => {
    connection.follow(['inbox', 'batch:a b'])
    await settle()
    expect(server.now.requests[0]?.url).toBe('/api/sse?channels=batch%3Aa%20b%2Cinbox')
    expect(server.now.requests[0]?.headers.Authorization).toBe('Bearer token-1')
    expect(server.now.requests[0]?.url).not.toContain('token')
  })

  it('is live after hello, and then has the page read again once', async () => {
    connection.follow(['inbox'])
    await settle()
    server.now.hello()
    await settle()
    expect(states).toEqual(['connecting', 'live'])
    expect(resyncs).toEqual(['opened'])
  })

  it('hands on each event once, however many channels carry it', async () => {
    connection.follow(['batch:b', 'visible'])
    await settle()
    server.now.hello()
    server.now.event('1-0', 'job_start', 'e1')
    server.now.event('1-0', 'job_start', 'e1')
    server.now.event('1-1', 'job_epoch', 'e2')
    await settle()
    expect(events.map((event) => event.event_id)).toEqual(['e1', 'e2'])
  })

  it('goes on from the last event after a lost line, without reading again', async () => {
    connection.follow(['batch:b'])
    await settle()
    server.now.hello()
    server.now.event('41-2', 'job_epoch', 'e1')
    await settle()
    server.now.drop()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(server.now.requests).toHaveLength(2)
    expect(server.now.requests[1]?.headers['Last-Event-ID']).toBe('41-2')
    server.now.hello()
    await settle()
    expect(states).toEqual(['connecting', 'live', 'behind', 'connecting', 'live'])
    expect(resyncs).toEqual(['opened'])
  })

  it('reads anew where the page shows other channels', async () => {
    connection.follow(['batch:b'])
    await settle()
    server.now.hello()
    server.now.event('41-2', 'job_epoch', 'e1')
    await settle()
    connection.follow(['batch:c'])
    await settle()
    expect(server.now.lastRequest.after).toBeUndefined()
    server.now.hello()
    await settle()
    expect(resyncs).toEqual(['opened', 'opened'])
  })

  it('lets a page read at once whose channels go on from a place that is known', async () => {
    connection.follow(['inbox'])
    await settle()
    server.now.hello()
    server.now.event('41-2', 'job_epoch', 'e1')
    await settle()
    switchboard.follow('tab', ['batch:c', 'inbox'], false)
    expect(joined).toBe(1)
    await settle()
    expect(server.now.lastRequest).toEqual({ channels: 'batch:c,inbox', after: '40-999999999' })
    server.now.hello('40-999999999')
    await settle()
    expect(resyncs).toEqual(['opened'])
  })

  it.each([
    ['soon', 5_000, [1, ['opened']], '6-999999999'],
    ['long', 90_000, [0, ['opened', 'opened']], undefined],
  ])('%s after a page was read, more channels are replayed from where its reading began, or it is read again', async (_, laterMs, told, after) => {
    connection.follow(['inbox', 'visible'])
    await settle()
    server.now.hello('6-999999999')
    await settle()
    for (let at = 0; at < laterMs; at += 5_000) {
      server.now.event(`4${at / 5_000}-2`, 'job_epoch', `e${at}`)
      await vi.advanceTimersByTimeAsync(5_000)
    }
    connection.follow(['batch:c', 'inbox', 'visible'])
    await settle()
    server.now.hello(after ?? '99-999999999')
    await settle()
    expect(server.now.lastRequest).toEqual({ channels: 'batch:c,inbox,visible', after })
    expect([joined, resyncs]).toEqual(told)
  })

  it('has a page wait for the stream where no place is known', async () => {
    connection.follow(['inbox'])
    switchboard.follow('tab', ['batch:c', 'inbox'], false)
    await settle()
    expect([joined, resyncs]).toEqual([0, []])
    server.now.hello()
    await settle()
    expect([joined, resyncs]).toEqual([0, ['opened']])
  })

  it('reads all again where a page missed something before it moved on', async () => {
    connection.follow(['batch:b'])
    await settle()
    server.now.hello()
    await settle()
    connection.follow(['batch:c'])
    switchboard.follow('tab', ['batch:d'], false)
    await settle()
    server.now.hello()
    await settle()
    expect([joined, resyncs]).toEqual([0, ['opened', 'opened']])
  })

  it('keeps its stream when the channels stay the same', async () => {
    connection.follow(['inbox', 'visible'])
    await settle()
    connection.follow(['visible', 'inbox', 'inbox'])
    await settle()
    expect(server.now.requests).toHaveLength(1)
  })

  it('reads again when the server says that it skipped', async () => {
    connection.follow(['batch:b'])
    await settle()
    server.now.hello()
    server.now.write('event: resync\ndata: {"reason":"slow","channels":["batch:b"]}\n\n')
    await settle()
    expect(resyncs).toEqual(['opened', 'slow'])
  })

  it('waits longer after each failure, at most half a minute, and says that it is offline', async () => {
    server.now.status = 503
    connection.follow(['inbox'])
    await vi.advanceTimersByTimeAsync(300_000)
    const attempts = server.now.requests.length
    expect(attempts).toBeGreaterThan(8)
    expect(attempts).toBeLessThan(24)
    expect(states.at(-1)).toBe('offline')
  })

  it('hangs up on a line that has gone silent', async () => {
    connection.follow(['inbox'])
    await settle()
    server.now.hello()
    await vi.advanceTimersByTimeAsync(44_000)
    expect(server.now.requests).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(server.now.requests.length).toBeGreaterThan(1)
  })

  it('stays on a silent line that is kept alive', async () => {
    connection.follow(['inbox'])
    await settle()
    server.now.hello()
    for (let turn = 0; turn < 10; turn += 1) {
      await vi.advanceTimersByTimeAsync(15_000)
      server.now.write('event: keepalive\ndata: 1795445153\n\n')
    }
    await settle()
    expect(server.now.requests).toHaveLength(1)
    expect(events).toEqual([])
  })

  it('says at once that it is offline when the network is gone, and no word less while it tries', async () => {
    connection.follow(['inbox'])
    await settle()
    server.now.hello()
    await settle()
    server.now.status = 503
    connection.interrupt()
    expect(states.at(-1)).toBe('offline')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(states).toEqual(['connecting', 'live', 'offline'])
  })

  it('says that it is behind when a keepalive is overdue, and is live with the next word without reading again', async () => {
    connection.follow(['inbox'])
    await settle()
    server.now.hello()
    await vi.advanceTimersByTimeAsync(16_000)
    expect(states.at(-1)).toBe('live')
    await vi.advanceTimersByTimeAsync(14_000)
    expect(states.at(-1)).toBe('behind')
    server.now.write('event: keepalive\ndata: 1795445153\n\n')
    await settle()
    expect(states.at(-1)).toBe('live')
    expect(server.now.requests).toHaveLength(1)
    expect(resyncs).toEqual(['opened'])
  })

  it('drops a channel that it may not read and keeps the others', async () => {
    server.now.refused = ['batch:secret']
    connection.follow(['batch:mine', 'batch:secret', 'inbox'])
    await settle()
    expect(closed).toEqual(['batch:secret'])
    expect(server.now.lastRequest.channels).toBe('batch:mine,inbox')
  })

  describe('shared by tabs', () => {
    let other: { events: string[]; resyncs: string[] }

    beforeEach(async () => {
      other = { events: [], resyncs: [] }
      connection.follow(['batch:b'])
      await settle()
      server.now.hello()
      server.now.event('41-2', 'job_epoch', 'e1', 'batch:b')
      await settle()
      const outputs: LiveOutputs = {
        onEvents: (batch) => other.events.push(...batch.map((event) => event.event_id)),
        onResync: (reason) => other.resyncs.push(reason),
        onJoined: () => undefined,
        onStatus: () => undefined,
        onClosed: () => undefined,
      }
      switchboard.join('other', outputs)
    })
    afterEach(() => switchboard.leave('other'))

    it('goes on with the channels of both, from where it was, and only the new tab reads', async () => {
      switchboard.follow('other', ['batch:c'])
      await settle()
      // The bundle that was being read is read again: it may hold frames of the new channel.
      expect(server.now.lastRequest).toEqual({ channels: 'batch:b,batch:c', after: '40-999999999' })
      server.now.hello('40-999999999')
      server.now.event('41-2', 'job_epoch', 'e1', 'batch:b')
      server.now.event('42-0', 'job_epoch', 'e2', 'batch:b')
      server.now.event('42-0', 'job_epoch', 'e3', 'batch:c')
      await settle()
      expect(events.map((event) => event.event_id)).toEqual(['e1', 'e2'])
      expect([resyncs, other]).toEqual([['opened'], { events: ['e3'], resyncs: ['opened'] }])
    })

    it('needs no second stream for a channel that flows already', async () => {
      switchboard.follow('other', ['batch:b'])
      await settle()
      server.now.event('42-0', 'job_epoch', 'e2', 'batch:b')
      await settle()
      expect(server.now.requests).toHaveLength(1)
      expect(other).toEqual({ events: ['e2'], resyncs: ['opened'] })
    })

    it('lets go of the channels of a tab that is closed, in a while, and the others notice nothing', async () => {
      switchboard.follow('other', ['batch:c'])
      await settle()
      server.now.hello('40-999999999')
      await settle()
      switchboard.leave('other')
      await vi.advanceTimersByTimeAsync(20_000)
      expect(server.now.lastRequest).toEqual({ channels: 'batch:b', after: '40-999999999' })
      server.now.hello('40-999999999')
      await settle()
      expect(resyncs).toEqual(['opened'])
    })

    it('reads no page again for another one that was left behind', async () => {
      switchboard.follow('other', ['batch:c'])
      await settle()
      server.now.hello('40-999999999')
      await settle()
      server.now.write('event: resync\ndata: {"reason":"slow","channels":["batch:c"]}\n\n')
      await settle()
      expect([resyncs, other.resyncs]).toEqual([['opened'], ['opened', 'slow']])
    })
  })

  describe('when nobody looks', () => {
    beforeEach(async () => {
      connection.follow(['batch:b'])
      await settle()
      server.now.hello()
      server.now.event('41-2', 'job_epoch', 'e1', 'batch:b')
      await settle()
    })

    it('stays open for a short look elsewhere', async () => {
      switchboard.show('tab', false)
      await vi.advanceTimersByTimeAsync(10_000)
      server.now.event('42-0', 'job_epoch', 'e2', 'batch:b')
      switchboard.show('tab', true)
      for (let turn = 0; turn < 2; turn += 1) {
        await vi.advanceTimersByTimeAsync(15_000)
        server.now.write('event: keepalive\ndata: 1795445153\n\n')
      }
      await settle()
      expect(server.now.requests).toHaveLength(1)
      expect(events.map((event) => event.event_id)).toEqual(['e1', 'e2'])
      expect(states.at(-1)).toBe('live')
    })

    it('closes after a while, and goes on without a gap and without reading again', async () => {
      switchboard.show('tab', false)
      await vi.advanceTimersByTimeAsync(60_000)
      expect(states.at(-1)).toBe('idle')
      switchboard.show('tab', true)
      await settle()
      expect(server.now.lastRequest).toEqual({ channels: 'batch:b', after: '40-999999999' })
      server.now.hello('40-999999999')
      server.now.event('42-0', 'job_epoch', 'e2', 'batch:b')
      await settle()
      expect(events.map((event) => event.event_id)).toEqual(['e1', 'e2'])
      expect(resyncs).toEqual(['opened'])
    })

    it('reads its page again after a long absence', async () => {
      switchboard.show('tab', false)
      await vi.advanceTimersByTimeAsync(600_000)
      switchboard.show('tab', true)
      await settle()
      expect(server.now.lastRequest.after).toBeUndefined()
      server.now.hello()
      await settle()
      expect(resyncs).toEqual(['opened', 'opened'])
    })

    it('does not try a lost line while it is hidden', async () => {
      switchboard.show('tab', false)
      await vi.advanceTimersByTimeAsync(60_000)
      const before = server.now.requests.length
      await vi.advanceTimersByTimeAsync(600_000)
      expect(server.now.requests).toHaveLength(before)
    })
  })

  describe('when its token is over', () => {
    const refresh = (...statuses: number[]) =>
      vi.stubGlobal(
        'fetch',
        vi.fn(() => {
          const status = statuses.shift() ?? 401
          const body = status === 200 ? { access_token: `token-${statuses.length + 2}`, token_type: 'bearer', expires_in: 900, user } : {}
          return Promise.resolve(new Response(JSON.stringify(body), { status }))
        }),
      )

    const opened = async (): Promise<void> => {
      connection.follow(['batch:b'])
      await settle()
      server.now.hello()
      server.now.event('41-2', 'job_epoch', 'e1')
      await settle()
    }

    it('goes on at once with a new one, from the last event, and nothing is read again', async () => {
      refresh(200)
      await opened()
      server.now.write('event: closed\ndata: {"reason":"session_ended"}\n\n')
      await settle()
      expect(server.now.requests).toHaveLength(2)
      expect(server.now.requests[1]?.headers).toMatchObject({ Authorization: 'Bearer token-2', 'Last-Event-ID': '41-2' })
      server.now.hello()
      await settle()
      expect(states).toEqual(['connecting', 'live', 'connecting', 'live'])
      expect(resyncs).toEqual(['opened'])
      expect(isSignedIn.value).toBe(true)
    })

    it('ends where the session has ended', async () => {
      refresh(401)
      await opened()
      server.now.write('event: closed\ndata: {"reason":"session_ended"}\n\n')
      await settle()
      expect(isSignedIn.value).toBe(false)
      await vi.advanceTimersByTimeAsync(60_000)
      expect(server.now.requests.length).toBeLessThan(3)
    })

    it('is refused once and renewed; refused again it waits instead of asking in circles', async () => {
      refresh(200, 200, 200, 200)
      server.now.status = 401
      connection.follow(['inbox'])
      await settle()
      expect(server.now.requests.map((request) => request.headers.Authorization)).toEqual(['Bearer token-1', 'Bearer token-5'])
      server.now.status = 200
      await vi.advanceTimersByTimeAsync(2_000)
      server.now.hello()
      await settle()
      expect(states.at(-1)).toBe('live')
    })

    it('renews one that ran out while the page slept, before it connects', async () => {
      refresh(200)
      vi.setSystemTime(Date.now() + 2 * 86_400_000)
      connection.follow(['inbox'])
      await settle()
      expect(server.now.requests.map((request) => request.headers.Authorization)).toEqual(['Bearer token-2'])
    })
  })
})
