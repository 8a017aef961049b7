import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accessToken, endSession, isSignedIn, newerToken, refreshDelay, startSession, watchSession, type User } from './session'

const user = { id: 1, username: 'mira' } as User
const answer = (token: string, seconds = 86_400) => ({ access_token: token, token_type: 'bearer', expires_in: seconds, user })

describe('the session', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    endSession()
    vi.useRealTimers()
  })

  it('holds the token until it is ended', () => {
    startSession(answer('one'))
    expect([isSignedIn.value, accessToken()]).toEqual([true, 'one'])
    endSession()
    expect([isSignedIn.value, accessToken(), localStorage.getItem('argus.access_token')]).toEqual([false, null, null])
  })

  it('finds the token that another tab has stored meanwhile', () => {
    startSession(answer('one'))
    expect(newerToken('one')).toBeNull()
    localStorage.setItem('argus.access_token', 'two')
    expect(newerToken('one')).toBe('two')
    expect(accessToken()).toBe('two')
  })

  it.each([
    [86_400_000, 86_400_000 - 30 * 60_000],
    [40 * 60_000, 20 * 60_000],
    [2_000, 5_000],
  ])('with %i ms left refreshes after %i ms', (left, wait) => {
    expect(refreshDelay(1_000_000 + left, 1_000_000)).toBe(wait)
  })

  it('refreshes before the end, with the token in a header', async () => {
    const fetch = vi.fn().mockResolvedValue(new Response(JSON.stringify(answer('two'))))
    vi.stubGlobal('fetch', fetch)
    startSession(answer('one', 3_600))
    await vi.advanceTimersByTimeAsync(31 * 60_000)
    expect(fetch).toHaveBeenCalledWith('/api/auth/refresh', expect.objectContaining({ headers: { Authorization: 'Bearer one' } }))
    expect(accessToken()).toBe('two')
  })

  it('ends when the server refuses to refresh, and stays when it cannot be reached', async () => {
    const ended = vi.fn()
    watchSession(ended)
    vi.stubGlobal('fetch', vi.fn().mockRejectedValueOnce(new TypeError('Failed to fetch')).mockResolvedValue(new Response('{}', { status: 401 })))
    startSession(answer('one', 3_600))
    await vi.advanceTimersByTimeAsync(31 * 60_000)
    expect(isSignedIn.value).toBe(true)
    await vi.advanceTimersByTimeAsync(20 * 60_000)
    expect(isSignedIn.value).toBe(false)
    expect(ended).toHaveBeenCalled()
  })
})
