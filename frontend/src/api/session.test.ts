import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  accessToken,
  bootSession,
  endSession,
  freshToken,
  isSignedIn,
  leaveSession,
  refreshDelay,
  startSession,
  tokenAfter,
  watchSession,
  type User,
} from './session'

const user = { id: 1, username: 'mira' } as User
const answer = (token: string, seconds = 900, who = user) => ({ access_token: token, token_type: 'bearer', expires_in: seconds, user: who })
const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status })
const elsewhere = new BroadcastChannel('argus.session')

/** What the server answers to each refresh, in turn; the last one for ever. */
function serverSays(...answers: (() => Response)[]) {
  const fetch = vi.fn<(url: string, init?: RequestInit) => Promise<Response>>(async () => {
    const next = answers.length > 1 ? answers.shift() : answers[0]
    return next ? next() : unreachable()
  })
  vi.stubGlobal('fetch', fetch)
  return fetch
}

const unreachable = (): Response => {
  throw new TypeError('Failed to fetch')
}

describe('the session', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    localStorage.clear()
  })
  afterEach(() => {
    watchSession(() => undefined)
    endSession()
    vi.useRealTimers()
  })

  it('holds the token in memory, and no storage has it', () => {
    startSession(answer('the-secret-one'))
    expect([isSignedIn.value, accessToken()]).toEqual([true, 'the-secret-one'])
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('the-secret-one')
    expect(document.cookie).not.toContain('the-secret-one')
    endSession()
    expect([isSignedIn.value, accessToken(), localStorage.getItem('argus.signed_in')]).toEqual([false, null, null])
  })

  it.each([
    [900_000, 840_000],
    [100_000, 50_000],
    [2_000, 5_000],
  ])('with %i ms left refreshes after %i ms', (left, wait) => {
    expect(refreshDelay(1_000_000 + left, 1_000_000)).toBe(wait)
  })

  it('asks nobody at the start where nobody was signed in, and takes the old keys away', async () => {
    const fetch = serverSays(() => json(answer('two')))
    localStorage.setItem('argus.access_token', 'an-old-token')
    localStorage.setItem('em_user', '{}')
    localStorage.setItem('em_expires_at', '1')
    await bootSession()
    expect(fetch).not.toHaveBeenCalled()
    expect({ ...localStorage }).toEqual({})
  })

  it('is taken up at the start by the cookie, with the header that no form can send', async () => {
    localStorage.setItem('argus.signed_in', '1')
    const fetch = serverSays(() => json(answer('two')))
    await bootSession()
    expect([isSignedIn.value, accessToken()]).toEqual([true, 'two'])
    expect(fetch).toHaveBeenCalledTimes(1)
    expect(fetch).toHaveBeenCalledWith('/api/auth/refresh', expect.objectContaining({ method: 'POST', headers: { 'X-Argus-Session': 'cookie' } }))
  })

  it('that the server knows no more is over at the start, for good', async () => {
    localStorage.setItem('argus.signed_in', '1')
    serverSays(() => json({}, 401))
    await bootSession()
    expect([isSignedIn.value, localStorage.getItem('argus.signed_in')]).toEqual([false, null])
  })

  it('does not leave the page blank when the server does not answer, and begins when it does', async () => {
    localStorage.setItem('argus.signed_in', '1')
    const started = vi.fn()
    watchSession(() => undefined, started)
    serverSays(unreachable, unreachable, unreachable, () => json(answer('late')))
    const boot = bootSession()
    await vi.advanceTimersByTimeAsync(1_500)
    await boot
    expect([isSignedIn.value, localStorage.getItem('argus.signed_in')]).toEqual([false, '1'])
    await vi.advanceTimersByTimeAsync(20_000)
    expect([accessToken(), started.mock.calls.length]).toEqual(['late', 1])
  })

  it('refreshes before the end', async () => {
    const fetch = serverSays(() => json(answer('two')))
    startSession(answer('one'))
    await vi.advanceTimersByTimeAsync(839_000)
    expect(fetch).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(accessToken()).toBe('two')
  })

  it('ends when the server refuses to refresh, and stays and asks again when it cannot be reached', async () => {
    const ended = vi.fn()
    watchSession(ended)
    const fetch = serverSays(unreachable, () => json({}, 503), () => json({}, 429), () => json({}, 401))
    startSession(answer('one'))
    await vi.advanceTimersByTimeAsync(841_000)
    expect([fetch.mock.calls.length, isSignedIn.value]).toEqual([1, true])
    await vi.advanceTimersByTimeAsync(2_000)
    expect([fetch.mock.calls.length, isSignedIn.value]).toEqual([2, true])
    await vi.advanceTimersByTimeAsync(4_000)
    expect([fetch.mock.calls.length, isSignedIn.value]).toEqual([3, true])
    await vi.advanceTimersByTimeAsync(8_000)
    expect([isSignedIn.value, ended.mock.calls.length]).toEqual([false, 1])
  })

  it('after a sleep renews before anything is sent', async () => {
    serverSays(() => json(answer('two')))
    startSession(answer('one'))
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(await freshToken()).toBe('two')
  })

  it('however many ask at a time, asks the server once', async () => {
    const fetch = serverSays(() => json(answer('two')))
    startSession(answer('one'))
    expect(await Promise.all([tokenAfter('one'), tokenAfter('one'), freshToken(), tokenAfter('one')])).toEqual(['two', 'two', 'one', 'two'])
    expect(fetch).toHaveBeenCalledTimes(1)
    expect(await tokenAfter('one')).toBe('two')
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  it('that was ended while a refresh was under way does not begin anew by its answer', async () => {
    let respond: (response: Response) => void = () => undefined
    vi.stubGlobal('fetch', vi.fn(() => new Promise<Response>((resolve) => (respond = resolve))))
    startSession(answer('one'))
    const token = tokenAfter('one')
    await vi.advanceTimersByTimeAsync(10)
    endSession()
    respond(json(answer('two')))
    expect(await token).toBeNull()
    expect([isSignedIn.value, localStorage.getItem('argus.signed_in')]).toEqual([false, null])
  })

  it('that was left offline is ended on the server at the next start', async () => {
    serverSays(unreachable)
    startSession(answer('one'))
    await leaveSession()
    expect([isSignedIn.value, localStorage.getItem('argus.signed_in')]).toEqual([false, 'leaving'])
    const fetch = serverSays(() => json({ ok: true }))
    await bootSession()
    await vi.advanceTimersByTimeAsync(10)
    expect(fetch.mock.calls.map(([url]) => url)).toEqual(['/api/auth/logout'])
    expect([isSignedIn.value, localStorage.getItem('argus.signed_in')]).toEqual([false, null])
  })

  it('is shared: a token of another tab is taken, and its sign-out is ours', async () => {
    vi.useRealTimers()
    const ended = vi.fn()
    const started = vi.fn()
    watchSession(ended, started)
    elsewhere.postMessage({ kind: 'session', answer: answer('from-there'), expiresAt: Date.now() + 900_000 })
    await vi.waitFor(() => expect(accessToken()).toBe('from-there'))
    expect(started).toHaveBeenCalled()
    elsewhere.postMessage({ kind: 'ended' })
    await vi.waitFor(() => expect(isSignedIn.value).toBe(false))
    expect(ended).toHaveBeenCalled()
  })
})
