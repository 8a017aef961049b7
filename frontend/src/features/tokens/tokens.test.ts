import { describe, expect, it } from 'vitest'
import { expiryOf, expiryState } from './expiry'
import { isNetwork } from './networks'
import { agentSnippet, pythonSnippet } from './snippet'

describe('the end of a token', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')

  it('is as far away as was asked for', () => {
    expect(expiryOf('7', now)).toBe('2026-01-08T00:00:00Z')
    expect(expiryOf('never', now)).toBeNull()
  })

  it.each([
    [null, 'never'],
    ['2026-03-01T00:00:00Z', 'later'],
    ['2026-01-08T00:00:01Z', 'later'],
    ['2026-01-08T00:00:00Z', 'soon'],
    ['2026-01-01T00:00:01Z', 'soon'],
    ['2026-01-01T00:00:00Z', 'past'],
    ['2025-12-31T00:00:00Z', 'past'],
  ])('%s is %s', (at, state) => {
    expect(expiryState(at, now)).toBe(state)
  })
})

describe('networks', () => {
  it.each(['10.0.0.1', ' 10.0.0.1 ', '10.2.3.4/16', '0.0.0.0/0', '::1', '2001:DB8::/32', '::ffff:10.0.0.1', '2001:db8::5/128'])('%s is one', (text) => {
    expect(isNetwork(text)).toBe(true)
  })

  it.each(['', 'office', '10.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.1/33', '10.0.0.1/', '10.0.0.1/a', '10.0.0.1/8/8', '1::2::3', '2001:db8::/129', 'fe80::1%eth0', '[::1]', '12345::'])('%s is none', (text) => {
    expect(isNetwork(text)).toBe(false)
  })
})

it('names the project of a token that is for one', () => {
  expect(pythonSnippet('a "b"')).toContain('source_project="a \\"b\\""')
  expect(pythonSnippet()).toContain('source_project="demo"')
})

it('registers an agent by the token that was made, and by none that a shell would misread until then', () => {
  expect(agentSnippet('http://argus', null)).toContain("--url http://argus --token '<token>'")
  expect(agentSnippet('http://argus', 'em_live_1')).toContain('--token em_live_1\n')
})
