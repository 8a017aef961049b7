import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Token = components['schemas']['TokenOut']
export type CreatedToken = components['schemas']['TokenCreated']
export type Scope = 'reporter' | 'viewer'

export const listTokens = () => ok(client.GET('/api/tokens', { params: { query: { include_revoked: false } } }))

export const createToken = (name: string, scope: Scope, expiresAt: string | null) =>
  ok(client.POST('/api/tokens', { body: { name, scope, expires_at: expiresAt } }))

export const revokeToken = (id: number) => ok(client.DELETE('/api/tokens/{id}', { params: { path: { id } } }))
