import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { client, ok } from './client'
import { endSession, isSignedIn, startSession, type User } from './session'

const user = { id: 1, username: 'mira' } as User
const answer = (token: string) => ({ access_token: token, token_type: 'bearer', expires_in: 900, user })

interface Seen {
  path: string
  token: string | null
  body: string
}

/** A server that takes one token only, and gives out the next by the cookie. */
function server(good: string, refreshed: Response): Seen[] {
  const seen: Seen[] = []
  vi.stubGlobal(
    'fetch',
    vi.fn(async (input: Request | string, init?: RequestInit) => {
      const request = typeof input === 'string' ? new Request(new URL(input, 'http://localhost'), init) : input
      const path = new URL(request.url).pathname
      const token = request.headers.get('Authorization')?.slice(7) ?? null
      seen.push({ path, token, body: await request.text() })
      if (path === '/api/auth/refresh') return refreshed.clone()
      return new Response('{}', { status: token === good ? 200 : 401, headers: { 'Content-Type': 'application/json' } })
    }),
  )
  return seen
}

describe('a request', () => {
  beforeEach(() => startSession(answer('one')))
  afterEach(() => endSession())

  it('whose token is over is sent once more with a new one, body and all', async () => {
    const seen = server('two', new Response(JSON.stringify(answer('two'))))
    await ok(client.PATCH('/api/users/me/preferences', { body: { hide_demo: true } }))
    expect(seen).toEqual([
      { path: '/api/users/me/preferences', token: 'one', body: '{"hide_demo":true}' },
      { path: '/api/auth/refresh', token: null, body: '' },
      { path: '/api/users/me/preferences', token: 'two', body: '{"hide_demo":true}' },
    ])
  })

  it('that is refused with the new token too is not sent for ever, and signs nobody out', async () => {
    const seen = server('none', new Response(JSON.stringify(answer('two'))))
    await expect(ok(client.GET('/api/auth/sessions'))).rejects.toMatchObject({ status: 401 })
    expect(seen.map(({ path }) => path)).toEqual(['/api/auth/sessions', '/api/auth/refresh', '/api/auth/sessions'])
    expect(isSignedIn.value).toBe(true)
  })

  it('of a session that has ended signs out', async () => {
    server('none', new Response('{}', { status: 401 }))
    await expect(ok(client.GET('/api/auth/sessions'))).rejects.toMatchObject({ status: 401 })
    expect(isSignedIn.value).toBe(false)
  })

  it('while the server cannot renew fails, and the session stays', async () => {
    server('none', new Response('{}', { status: 503 }))
    await expect(ok(client.GET('/api/auth/sessions'))).rejects.toMatchObject({ status: 401 })
    expect(isSignedIn.value).toBe(true)
  })

  it('that names a wrong password is no end of the session', async () => {
    const seen = server('none', new Response('{}', { status: 401 }))
    const body = { current_password: 'wrong', new_password: 'another horse 2' }
    await expect(ok(client.POST('/api/auth/change-password', { body }))).rejects.toMatchObject({ status: 401 })
    expect([seen.length, isSignedIn.value]).toEqual([1, true])
  })
})
