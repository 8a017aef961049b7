// OpenID Connect providers: what the server says of them, and the form in which they are edited.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type IdentityProvider = Schemas['OidcProviderOut']
export type ProviderTest = Schemas['OidcTest']
type Update = Schemas['OidcProviderUpdate']
export type GroupRole = 'admin' | 'user' | 'owner' | 'editor' | 'viewer'
export type Preset = 'generic' | 'google' | 'keycloak'

export interface RoleRow {
  group: string
  role: GroupRole
  project: string
}

export interface ProviderDraft {
  slug: string
  name: string
  issuer: string
  client_id: string
  client_secret: string
  scopes: string
  domains: string
  groups_claim: string
  required_group: string
  rows: RoleRow[]
  is_enabled: boolean
}

export type DraftProblems = Partial<Record<'slug' | 'name' | 'issuer' | 'client_id', 'required' | 'slugBad' | 'issuerBad'>>

const one = (slug: string) => ({ params: { path: { slug } } })

export const listIdentityProviders = () => ok(client.GET('/api/admin/security/oidc-providers'))
export const saveIdentityProvider = (slug: string, body: Update) => ok(client.PUT('/api/admin/security/oidc-providers/{slug}', { ...one(slug), body }))
export const deleteIdentityProvider = (slug: string) => ok(client.DELETE('/api/admin/security/oidc-providers/{slug}', one(slug)))
export const testIdentityProvider = (slug: string) => ok(client.POST('/api/admin/security/oidc-providers/{slug}/test', one(slug)))

export const PRESETS: Record<Preset, Partial<ProviderDraft>> = {
  generic: {},
  google: { slug: 'google', name: 'Google', issuer: 'https://accounts.google.com', groups_claim: '' },
  keycloak: { slug: 'keycloak', name: 'Keycloak', issuer: 'https://keycloak.example.org/realms/lab', groups_claim: 'groups' },
}

export const emptyDraft = (preset: Preset = 'generic'): ProviderDraft => ({
  slug: '',
  name: '',
  issuer: '',
  client_id: '',
  client_secret: '',
  scopes: 'openid email profile',
  domains: '',
  groups_claim: '',
  required_group: '',
  rows: [],
  is_enabled: true,
  ...PRESETS[preset],
})

export const draftOf = (provider: IdentityProvider): ProviderDraft => ({
  slug: provider.slug,
  name: provider.name,
  issuer: provider.issuer,
  client_id: provider.client_id,
  client_secret: provider.client_secret,
  scopes: provider.scopes,
  domains: provider.allowed_domains.join(', '),
  groups_claim: provider.groups_claim ?? '',
  required_group: provider.required_group ?? '',
  rows: rowsOf(provider.group_roles),
  is_enabled: provider.is_enabled,
})

/** One row per role: a group that gives several stands in several rows. */
export function rowsOf(groupRoles: Record<string, unknown>): RoleRow[] {
  return Object.entries(groupRoles).flatMap(([group, given]) =>
    (Array.isArray(given) ? given : [given]).map((role: GroupRole | { project: string; role: GroupRole }) =>
      typeof role === 'string' ? { group, role, project: '' } : { group, role: role.role, project: role.project },
    ),
  )
}

export function groupRolesOf(rows: readonly RoleRow[]): NonNullable<Update['group_roles']> {
  const roles: Record<string, ('admin' | 'user' | Schemas['InProject'])[]> = {}
  for (const { group, role, project } of rows) {
    if (!group.trim()) continue
    const given = role === 'admin' || role === 'user' ? role : { project: project.trim(), role }
    ;(roles[group.trim()] ??= []).push(given)
  }
  return roles
}

export const isInProject = (role: GroupRole): boolean => role !== 'admin' && role !== 'user'

export function bodyOf(draft: ProviderDraft): Update {
  return {
    name: draft.name.trim(),
    issuer: draft.issuer.trim(),
    client_id: draft.client_id.trim(),
    client_secret: draft.client_secret,
    scopes: draft.scopes.trim().replace(/\s+/g, ' '),
    allowed_domains: draft.domains.split(/[\s,]+/).filter(Boolean),
    groups_claim: draft.groups_claim.trim() || null,
    required_group: draft.required_group.trim() || null,
    group_roles: groupRolesOf(draft.rows),
    is_enabled: draft.is_enabled,
  }
}

/** What the server would not take, said before it is sent. */
export function problemsOf(draft: ProviderDraft): DraftProblems {
  const problems: DraftProblems = {}
  for (const field of ['slug', 'name', 'issuer', 'client_id'] as const) if (!draft[field].trim()) problems[field] = 'required'
  if (draft.slug && !/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(draft.slug)) problems.slug = 'slugBad'
  if (draft.issuer && !/^https:\/\/|^http:\/\/(localhost|127\.|\[::1\])/.test(draft.issuer.trim())) problems.issuer = 'issuerBad'
  return problems
}
