import { describe, expect, it } from 'vitest'
import type { Agent } from './api'
import { inOrder, policyOf, skewOf, stateOf } from './state'

const agent = (facts: Partial<Agent>): Agent => ({ id: 'agent-1', hostname: 'gpu-01', user: null, owner: 'ada', version: null, capabilities: [], note: null, created_at: '', last_seen_at: null, is_online: true, is_draining: false, children: [], policy: null, clock_skew_s: null, n_open: 0, allowed: [], ...facts })

describe('an agent', () => {
  it('is away before anything else', () => {
    expect(stateOf(agent({}))).toBe('online')
    expect(stateOf(agent({ is_draining: true }))).toBe('draining')
    expect(stateOf(agent({ is_online: false, is_draining: true }))).toBe('away')
  })

  it('is said to have a wrong clock where that matters', () => {
    expect(skewOf(agent({ clock_skew_s: 2 }))).toBeNull()
    expect(skewOf(agent({ clock_skew_s: -90 }))).toBe(-90)
  })

  it('tells which rules of its host narrow what runs there', () => {
    expect(policyOf(agent({}))).toEqual({ isDryRun: false, rules: [] })
    expect(policyOf(agent({ policy: { dry_run: true, users: ['ada'], directories: [], commands: null, deny: ['*rm*'], max_runs: 4 } }))).toEqual({ isDryRun: true, rules: ['users', 'deny'] })
  })
})

it('those that can be acted on come first, then by host and user', () => {
  const names = inOrder([
    agent({ hostname: 'a', is_online: false }),
    agent({ hostname: 'c' }),
    agent({ hostname: 'b', user: 'lin' }),
    agent({ hostname: 'b', user: 'ada' }),
    agent({ hostname: 'd', is_draining: true }),
  ]).map(({ hostname, user }) => `${hostname}${user ?? ''}`)
  expect(names).toEqual(['bada', 'blin', 'c', 'd', 'a'])
})
