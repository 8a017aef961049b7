// What the administration asks of the server.
import { asApiError, toApiError } from '@/api/errors'
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type Person = Schemas['AdminUserOut']
export type PersonDetail = Schemas['AdminUserDetail']
export type PasswordVoided = Schemas['PasswordVoided']
export type Invite = Schemas['InviteOut']
export type CreatedInvite = Schemas['InviteCreated']
export type ConfigItem = Schemas['ConfigItem']
export type Flag = Schemas['FlagOut']
export type AuditLine = Schemas['AuditOut']
export type SecurityStatus = Schemas['SecurityStatus']
export type CommandKey = Schemas['CommandKeyOut']
export type CommandKeys = Schemas['CommandKeysOut']
export type Rotation = Schemas['CommandKeyRotation']
export type PersonStatus = 'active' | 'banned' | 'locked' | 'unverified' | 'admin' | 'deleted'
export type PersonSort = 'created' | '-created' | 'username' | '-username' | 'last_login' | '-last_login'
export type ExportFormat = 'csv' | 'jsonl' | 'syslog'

export interface Slice<T> {
  rows: T[]
  total: number | null
  next: string | null
}

interface Answer<T> {
  data?: T[]
  error?: unknown
  response: Response
}

/** A list with what its headers say: how many there are, and where the next page begins. */
async function slice<T>(answer: Promise<Answer<T>>): Promise<Slice<T>> {
  const settled = await answer.catch((cause: unknown) => {
    throw asApiError(cause)
  })
  if (!settled.response.ok) throw toApiError(settled.response, settled.error)
  const total = settled.response.headers.get('X-Total-Count')
  return { rows: settled.data ?? [], total: total === null ? null : Number(total), next: settled.response.headers.get('X-Next-Cursor') }
}

export interface PeopleQuery {
  q: string
  status: PersonStatus | undefined
  sort: PersonSort
  limit: number
  offset: number
}

const one = (id: number) => ({ params: { path: { id } } })
const because = (reason: string) => ({ body: reason ? { reason } : null })

export const listPeople = (query: PeopleQuery) => slice(client.GET('/api/admin/users', { params: { query } }))
export const readPerson = (id: number) => ok(client.GET('/api/admin/users/{id}', one(id)))
export const ban = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/ban', { ...one(id), ...because(reason) }))
export const unban = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/unban', { ...one(id), ...because(reason) }))
export const promote = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/promote', { ...one(id), ...because(reason) }))
export const demote = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/demote', { ...one(id), ...because(reason) }))
export const unlock = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/unlock', { ...one(id), ...because(reason) }))
export const verifyEmail = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/verify-email', { ...one(id), ...because(reason) }))
export const endSessions = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/end-sessions', { ...one(id), ...because(reason) }))
export const resetPassword = (id: number, reason: string) => ok(client.POST('/api/admin/users/{id}/reset-password', { ...one(id), ...because(reason) }))
export const deletePerson = (id: number, reason: string, runs: 'keep' | 'delete') =>
  ok(client.DELETE('/api/admin/users/{id}', { params: { path: { id }, query: { runs } }, ...because(reason) }))

export const listInvites = () => ok(client.GET('/api/admin/users/invites', { params: { query: { limit: 200 } } }))
export const createInvite = (maxUses: number, days: number, note: string) =>
  ok(client.POST('/api/admin/users/invites', { body: { max_uses: maxUses, expires_in_days: days, note: note || null } }))
export const revokeInvite = (id: number) => ok(client.DELETE('/api/admin/users/invites/{id}', one(id)))

const setting = (group: string, key: string) => ({ params: { path: { group, key } } })

export const readConfig = () => ok(client.GET('/api/admin/system-config'))
export const saveSetting = (group: string, key: string, value: unknown) =>
  ok(client.PUT('/api/admin/system-config/{group}/{key}', { ...setting(group, key), body: { value } }))
export const revertSetting = (group: string, key: string) => ok(client.DELETE('/api/admin/system-config/{group}/{key}', setting(group, key)))

export const listFlags = () => ok(client.GET('/api/admin/feature-flags'))
export const saveFlag = (key: string, value: unknown) =>
  ok(client.PUT('/api/admin/feature-flags/{key}', { params: { path: { key } }, body: { value } }))

export interface AuditQuery {
  action?: string
  username?: string
  target_type?: string
  target_id?: string
  ip?: string
  q?: string
  since?: string
  until?: string
}

export const listAudit = (query: AuditQuery, limit: number, cursor?: string) =>
  slice(client.GET('/api/admin/audit-log', { params: { query: { ...query, limit, cursor } } }))
export const listActions = () => ok(client.GET('/api/admin/audit-log/actions'))
export const verifyAudit = (after: number) => ok(client.GET('/api/admin/audit-log/verify', { params: { query: { after } } }))
export const exportAudit = (query: AuditQuery, format: ExportFormat): Promise<Blob> =>
  ok(client.GET('/api/admin/audit-log/export', { params: { query: { ...query, format } }, parseAs: 'blob' })) as Promise<Blob>

export const readSecurity = () => ok(client.GET('/api/admin/security/status'))
export const readJwtStatus = () => ok(client.GET('/api/admin/security/jwt/status'))
export const rotateKey = () => ok(client.POST('/api/admin/security/jwt/rotate'))

export const readCommandKeys = () => ok(client.GET('/api/agents/command-keys'))
export const rotateCommandKey = (how: Rotation) => ok(client.POST('/api/agents/command-keys/rotate', { body: how }))

export const readProviders = () => ok(client.GET('/api/auth/oauth/config'))

const MOST_RUNS = 50
export const readRetention = () => ok(client.GET('/api/admin/retention/status'))
export const listRetentionRuns = () => ok(client.GET('/api/admin/retention/runs', { params: { query: { limit: MOST_RUNS } } }))
export const sweep = (dry: boolean) => ok(client.POST('/api/admin/retention/sweep', { params: { query: { dry_run: dry } } }))
