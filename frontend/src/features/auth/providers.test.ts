import { describe, expect, it } from 'vitest'
import { listProviders, readFailure, startAddress } from './providers'

describe('startAddress', () => {
  it('asks for a session in the cookie, and takes along where to go and by whose invite', () => {
    expect(startAddress('github', '/')).toBe('/api/auth/oauth/github/start?session=cookie')
    expect(startAddress('uni', '/batches?status=failed', 'ag_inv_x')).toBe(
      '/api/auth/oauth/oidc/uni/start?session=cookie&redirect=%2Fbatches%3Fstatus%3Dfailed&invite=ag_inv_x',
    )
  })

  it('leaves the API by no name', () => {
    expect(startAddress('../x', '/')).toContain('/oidc/..%2Fx/')
  })
})

describe('readFailure', () => {
  it('knows the provider and the reason', () => {
    expect(readFailure({ error: 'oauth_github_failed', reason: 'state_invalid' })).toEqual({ slug: 'github', reason: 'state_invalid' })
    expect(readFailure({ error: 'oauth_our-uni_failed' })).toEqual({ slug: 'our-uni', reason: '' })
  })

  it('takes nothing else for one', () => {
    for (const query of [{}, { error: 'x' }, { error: ['oauth_a_failed', 'b'] }, { error: 'oauth_<b>_failed' }]) expect(readFailure(query)).toBeNull()
  })
})

it('lists GitHub first', () => {
  expect(listProviders({ github: true, providers: [{ slug: 'uni', name: 'University' }] }).map((one) => one.slug)).toEqual(['github', 'uni'])
  expect(listProviders({ github: false, providers: [] })).toEqual([])
})
