import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Desk } from './desk'
import type { ToTab, ToWorker } from './messages'

interface FakeTab {
  got: ToTab[]
  tell: (message: ToWorker) => void
  questions: () => Extract<ToTab, { kind: 'token' }>[]
}

describe('the worker for all tabs', () => {
  let desk: Desk
  let requests: { url: string; token: string }[]

  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(50)

  function openTab(): FakeTab {
    const got: ToTab[] = []
    const tell = desk.open({ postMessage: (message) => got.push(message) })
    return { got, tell, questions: () => got.filter((message) => message.kind === 'token') }
  }

  function answerAll(tab: FakeTab, token: string): void {
    for (const { question } of tab.questions()) tab.tell({ kind: 'token', question, token })
  }

  beforeEach(() => {
    vi.useFakeTimers()
    requests = []
    const answers = ((url: string, init: RequestInit) => {
      requests.push({ url, token: (init.headers as Record<string, string>).Authorization ?? '' })
      const frames = 'event: hello\ndata: {"last_event_id":"7-0"}\n\nid: 8-0\nevent: job_start\ndata: {"event_id":"e1","channel":"batch:a"}\n\n'
      const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode(frames)) })
      return Promise.resolve(new Response(body, { status: 200 }))
    }) as unknown as typeof fetch
    desk = new Desk({ fetch: answers })
  })
  afterEach(() => {
    vi.runOnlyPendingTimers()
    vi.useRealTimers()
  })

  it('asks a tab for the token and hands the events to those who follow them', async () => {
    const [a, b] = [openTab(), openTab()]
    a.tell({ kind: 'follow', channels: ['batch:a'], isRead: true })
    await settle()
    const asked = [...a.questions(), ...b.questions()]
    expect(asked).toHaveLength(1)
    answerAll(a, 'token-1')
    answerAll(b, 'token-1')
    await settle()
    expect(requests.map(({ token }) => token)).toEqual(['Bearer token-1'])
    expect(a.got.filter(({ kind }) => kind === 'events')).toEqual([{ kind: 'events', events: [expect.objectContaining({ event_id: 'e1' })] }])
    expect(b.got.some(({ kind }) => kind === 'events')).toBe(false)
  })

  it('asks the next tab when one does not answer', async () => {
    const [a, b] = [openTab(), openTab()]
    a.tell({ kind: 'follow', channels: ['inbox'], isRead: true })
    await settle()
    const silent = a.questions().length > 0 ? a : b
    const speaking = silent === a ? b : a
    await vi.advanceTimersByTimeAsync(11_000)
    answerAll(speaking, 'token-2')
    await settle()
    expect(requests.at(-1)?.token).toBe('Bearer token-2')
  })

  it('forgets a tab that fell silent while it was looked at', async () => {
    const [a, b] = [openTab(), openTab()]
    a.tell({ kind: 'follow', channels: ['batch:gone'], isRead: true })
    b.tell({ kind: 'follow', channels: ['inbox'], isRead: true })
    for (let turn = 0; turn < 6; turn += 1) {
      await vi.advanceTimersByTimeAsync(20_000)
      b.tell({ kind: 'here' })
      answerAll(b, 'token-1')
    }
    expect(b.got.filter(({ kind }) => kind === 'here')).toHaveLength(6)
    await vi.advanceTimersByTimeAsync(40_000)
    answerAll(b, 'token-1')
    await settle()
    expect(decodeURIComponent(requests.at(-1)?.url ?? '')).toBe('/api/sse?channels=inbox')
  })

  it('takes a tab in again that comes back from the cache of pages', async () => {
    const tab = openTab()
    tab.tell({ kind: 'bye' })
    tab.tell({ kind: 'follow', channels: ['inbox'], isRead: true })
    await settle()
    answerAll(tab, 'token-1')
    await settle()
    expect(tab.got).toContainEqual({ kind: 'resync', reason: 'opened' })
  })
})
