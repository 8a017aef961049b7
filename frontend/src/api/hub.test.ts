import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { liveStatus, onReturn, startLive } from './hub'
import { endSession, startSession } from './session'
import type { LiveOutputs, LiveState } from './live'

const line = { follow: vi.fn(), show: vi.fn(), retry: vi.fn(), interrupt: vi.fn(), close: vi.fn() }
let outputs: LiveOutputs

vi.mock('./live', () => ({
  openLine: (_account: number, given: LiveOutputs) => {
    outputs = given
    return line
  },
}))

const user = { id: 1, username: 'mira' }
const network = (name: 'online' | 'offline'): boolean => window.dispatchEvent(new Event(name))
const say = (state: LiveState): void => outputs.onStatus({ state, since: 1 })

describe('what pages know of the connection', () => {
  let isServerReached: boolean

  beforeAll(async () => {
    vi.useFakeTimers()
    startSession({ access_token: 'token', token_type: 'bearer', expires_in: 86_400, user } as Parameters<typeof startSession>[0])
    startLive()
    await vi.advanceTimersByTimeAsync(10)
  })
  beforeEach(async () => {
    await vi.advanceTimersByTimeAsync(5_000)
    isServerReached = false
    vi.stubGlobal('fetch', () => (isServerReached ? Promise.resolve(new Response()) : Promise.reject(new TypeError('Failed to fetch'))))
    say('live')
    line.retry.mockClear()
    line.interrupt.mockClear()
  })
  afterAll(() => {
    endSession()
    vi.useRealTimers()
  })

  it('is offline from the moment in which the browser says so, whatever the stream says', async () => {
    network('offline')
    expect(liveStatus.value).toEqual({ state: 'offline', since: Date.now() })
    expect(line.interrupt).toHaveBeenCalledOnce()
    // A worker that does not notice connects anew.
    say('live')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(liveStatus.value.state).toBe('offline')
    network('online')
    expect(liveStatus.value.state).toBe('live')
    expect(line.retry).toHaveBeenCalledOnce()
  })

  it('is not offline where the server is reached without a network', async () => {
    isServerReached = true
    network('offline')
    await vi.advanceTimersByTimeAsync(1)
    expect(liveStatus.value.state).toBe('live')
    expect(line.retry).toHaveBeenCalledOnce()
  })

  it('has what failed asked for once when network and stream are there again, not at the same moment as everybody', async () => {
    const again = vi.fn()
    onReturn(again)
    network('offline')
    say('offline')
    // So does a worker that has its stream while the page has nothing.
    say('live')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(again).not.toHaveBeenCalled()
    network('online')
    say('connecting')
    say('live')
    expect(again).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(again).toHaveBeenCalledOnce()
  })

  it('has what failed asked for when the stream was lost alone: the server was restarted', async () => {
    const again = vi.fn()
    onReturn(again)
    say('behind')
    say('connecting')
    say('live')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(again).toHaveBeenCalledOnce()
  })
})
