// The administrator of the server that the specs share: its first account, made before any of them runs.
import { baseUrl } from './browser'
import type { Account } from './account'

export const ADMINISTRATOR: Account = { username: 'administrator', email: 'administrator@example.org', password: 'Wide-lantern-canoe-48' }

async function post(path: string, body: unknown, token?: string): Promise<Response> {
  const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) }
  return fetch(`${baseUrl()}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

export async function register(account: Account, inviteCode?: string): Promise<number> {
  return (await post('/api/auth/register', { ...account, invite_code: inviteCode })).status
}

/** Playwright's global set-up. A server that already has the administrator keeps it. */
export default async function makeAdministrator(): Promise<void> {
  const status = await register(ADMINISTRATOR)
  if (status !== 201 && status !== 409) throw new Error(`The first account could not be made: ${status}.`)
}

/** The API as somebody, with a session of their own. */
export class Person {
  private constructor(private readonly token: string) {}

  static async of(account: Account): Promise<Person> {
    const answer = await post('/api/auth/login', { username_or_email: account.username, password: account.password })
    if (!answer.ok) throw new Error(`${account.username} cannot log in: ${answer.status} ${await answer.text()}`)
    return new Person(((await answer.json()) as { access_token: string }).access_token)
  }

  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${baseUrl()}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : undefined) as T
  }

  async idOf(username: string): Promise<number> {
    const found = await this.call<{ id: number; username: string }[]>('GET', `/api/admin/users?q=${encodeURIComponent(username)}`)
    const person = found.find((row) => row.username === username)
    if (!person) throw new Error(`Nobody is called ${username}.`)
    return person.id
  }
}

const PEOPLE = ['mira', 'jonas', 'wei-chen', 'amara', 'tomas', 'yuki', 'noor', 'an-unusually-long-user-name-here']

/** A lab with people in every state, invites in every state, and an audit log that tells of it. */
export async function seedPeople(admin: Account): Promise<void> {
  const password = 'Copper-violin-marsh-19'
  for (const name of PEOPLE) await register({ username: name, email: `${name}@lab.example.org`, password })
  const root = await Person.of(admin)
  const act = async (name: string, what: string, reason?: string) => root.call('POST', `/api/admin/users/${await root.idOf(name)}/${what}`, reason ? { reason } : null)
  await act('mira', 'promote')
  await act('mira', 'verify-email')
  await act('jonas', 'verify-email')
  await act('tomas', 'ban', 'mined coins on gpu-01')
  for (let attempt = 0; attempt < 6; attempt += 1) await post('/api/auth/login', { username_or_email: 'yuki', password: 'not the password 1' })
  await root.call('POST', '/api/admin/users/invites', { max_uses: 5, expires_in_days: 14, note: 'the new group' })
  const gone = await root.call<{ id: number }>('POST', '/api/admin/users/invites', { note: 'sent to the wrong address' })
  await root.call('DELETE', `/api/admin/users/invites/${gone.id}`)
  await root.call('PUT', '/api/admin/system-config/smtp/from_name', { value: 'Argus of the lab' })
  await root.call('PUT', '/api/admin/system-config/smtp/password', { value: 'a secret that nobody sees' })
  await root.call('PUT', '/api/admin/system-config/retention/own_key', { value: { any: 'thing' } })
  await root.call('PUT', '/api/admin/feature-flags/stalled_threshold_sec', { value: 600 })
}
