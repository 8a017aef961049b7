import { expect, it } from 'vitest'
import { connections, type LinkedAccount } from './connections'

const account = (slug: string): LinkedAccount => ({ provider: slug, slug, name: slug, login: 'ada', email: null, linked_at: '2026-11-26T00:00:00Z', is_usable: true })

it('shows what can be connected, what is, and what is connected with a provider that is gone', () => {
  const offered = [{ slug: 'github', name: 'GitHub' }, { slug: 'uni', name: 'University' }]
  expect(connections(offered, [account('uni'), account('old')]).map((one) => [one.slug, one.isOffered, one.account?.slug ?? null])).toEqual([
    ['github', true, null],
    ['uni', true, 'uni'],
    ['old', false, 'old'],
  ])
  expect(connections([], [])).toEqual([])
})
