import { describe, expect, it } from 'vitest'
import { bodyOf, draftOf, emptyDraft, groupRolesOf, problemsOf, rowsOf, type IdentityProvider } from './identityProviders'

const PROVIDER: IdentityProvider = {
  slug: 'uni',
  name: 'University',
  issuer: 'https://sso.uni.example/realms/lab',
  client_id: 'argus',
  client_secret: '***',
  scopes: 'openid email',
  allowed_domains: ['uni.example', '*.lab.example'],
  groups_claim: 'groups',
  group_roles: { ops: 'admin', leads: ['user', { project: 'vision', role: 'owner' }] },
  required_group: null,
  is_enabled: true,
  source: 'db',
  callback_url: 'https://argus.example/api/auth/oauth/oidc/uni/callback',
  linked_people: 2,
  created_at: null,
  updated_at: null,
  updated_by: null,
}

it('edits a provider without losing anything', () => {
  const body = bodyOf(draftOf(PROVIDER))
  for (const field of ['name', 'issuer', 'client_id', 'client_secret', 'scopes', 'allowed_domains', 'groups_claim', 'required_group', 'is_enabled'] as const) {
    expect(body[field]).toEqual(PROVIDER[field])
  }
  expect(rowsOf(body.group_roles ?? {})).toEqual(rowsOf(PROVIDER.group_roles))
})

it('reads groups as rows and writes them back, leaving out rows without a group', () => {
  const rows = rowsOf(PROVIDER.group_roles)
  expect(rows.map((row) => `${row.group}:${row.role}:${row.project}`)).toEqual(['ops:admin:', 'leads:user:', 'leads:owner:vision'])
  expect(groupRolesOf([...rows, { group: ' ', role: 'admin', project: '' }])).toEqual({ ops: ['admin'], leads: ['user', { project: 'vision', role: 'owner' }] })
})

describe('problemsOf', () => {
  const good = { ...emptyDraft('google'), client_id: 'x' }

  it('finds nothing wrong with a preset that has its client', () => {
    expect(problemsOf(good)).toEqual({})
  })

  it('says what is missing or wrong', () => {
    expect(problemsOf(emptyDraft())).toEqual({ slug: 'required', name: 'required', issuer: 'required', client_id: 'required' })
    expect(problemsOf({ ...good, slug: 'Uni' })).toEqual({ slug: 'slugBad' })
    expect(problemsOf({ ...good, issuer: 'http://sso.uni.example' })).toEqual({ issuer: 'issuerBad' })
    expect(problemsOf({ ...good, issuer: 'http://127.0.0.1:9400' })).toEqual({})
  })
})
