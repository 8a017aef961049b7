// Shares with people, and public links.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Permission = 'viewer' | 'editor'
export type GivenShare = components['schemas']['GivenShare']
export type ReceivedShare = components['schemas']['ReceivedShare']
export type PublicLink = components['schemas']['PublicShare']

/** Whom something is open to, whether it is one batch or all of one's batches of a project. */
export interface Person {
  grantee_id: number
  grantee_username: string
  permission: string
  created_at: string
}

const ofBatch = (id: string) => ({ params: { path: { batch_id: id } } })

export const listShares = () => ok(client.GET('/api/shares'))
export const listMyLinks = () => ok(client.GET('/api/public-shares/mine'))

export const listBatchShares = (id: string) => ok(client.GET('/api/batches/{batch_id}/shares', ofBatch(id)))
export const shareBatch = (id: string, username: string, permission: Permission) =>
  ok(client.POST('/api/batches/{batch_id}/shares', { ...ofBatch(id), body: { grantee_username: username, permission } }))
export const endBatchShare = (id: string, granteeId: number) =>
  ok(client.DELETE('/api/batches/{batch_id}/shares/{grantee_id}', { params: { path: { batch_id: id, grantee_id: granteeId } } }))

export const listProjectShares = () => ok(client.GET('/api/projects/shares'))
export const shareProject = (project: string, username: string, permission: Permission) =>
  ok(client.POST('/api/projects/shares', { body: { project, grantee_username: username, permission } }))
export const endProjectShare = (project: string, granteeId: number) =>
  ok(client.DELETE('/api/projects/shares/{project}/{grantee_id}', { params: { path: { project, grantee_id: granteeId } } }))

export const listLinks = (id: string) => ok(client.GET('/api/batches/{batch_id}/public-shares', ofBatch(id)))
export const addLink = (id: string, expiresAt: string | null) =>
  ok(client.POST('/api/batches/{batch_id}/public-share', { ...ofBatch(id), body: { expires_at: expiresAt } }))
export const endLink = (id: string, slug: string) =>
  ok(client.DELETE('/api/batches/{batch_id}/public-share/{slug}', { params: { path: { batch_id: id, slug } } }))
