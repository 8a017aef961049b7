import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Token = components['schemas']['TokenOut']
export type CreatedToken = components['schemas']['TokenCreated']
export type NewToken = components['schemas']['TokenCreate']
export type Scope = NewToken['scope']

export const listTokens = () => ok(client.GET('/api/tokens', { params: { query: { include_revoked: false } } }))

export const createToken = (token: NewToken) => ok(client.POST('/api/tokens', { body: token }))

export const revokeToken = (id: number) => ok(client.DELETE('/api/tokens/{id}', { params: { path: { id } } }))
