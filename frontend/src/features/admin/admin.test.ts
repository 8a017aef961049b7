import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import english from '@/shared/i18n/en/auditlog'
import chinese from '@/shared/i18n/zh/auditlog'
import type { AuditLine, ConfigItem, Invite, Person } from './api'
import { auditQuery } from './auditQuery'
import { merge } from './composables/useAudit'
import { stateOf } from './inviteState'
import { actionsFor, statesOf } from './personActions'
import { asJson, fromJson, problemOf } from './setting'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const person = (changes: Partial<Person> = {}): Person => ({
  id: 7, username: 'ida', email: 'ida@example.org', is_active: true, is_admin: false, email_verified: true, created_at: '2025-01-01T00:00:00Z',
  last_login: null, failed_login_count: 0, locked_until: null, deleted_at: null, ...changes,
})

describe('what can be done with a person', () => {
  it.each<[string, Partial<Person>, string[]]>([
    ['somebody active', {}, ['promote', 'endSessions', 'resetPassword', 'ban', 'deletePerson']],
    ['an administrator', { is_admin: true }, ['endSessions', 'resetPassword', 'demote', 'ban', 'deletePerson']],
    ['somebody banned', { is_active: false }, ['unban', 'resetPassword', 'deletePerson']],
    ['somebody locked', { locked_until: '2026-01-01T00:05:00Z' }, ['unlock', 'promote', 'endSessions', 'resetPassword', 'ban', 'deletePerson']],
    ['a lock that is over', { locked_until: '2025-12-31T00:00:00Z' }, ['promote', 'endSessions', 'resetPassword', 'ban', 'deletePerson']],
    ['somebody deleted', { deleted_at: '2025-12-31T00:00:00Z', is_active: false }, []],
  ])('%s', (_, changes, actions) => {
    expect(actionsFor(person(changes), 1, NOW)).toEqual(actions)
  })

  it('never shuts oneself out', () => {
    expect(actionsFor(person({ is_admin: true, email_verified: false }), 7, NOW)).toEqual(['verifyEmail'])
  })

  it('follows from states that are shown', () => {
    expect(statesOf(person({ is_admin: true, is_active: false, email_verified: false, locked_until: '2026-01-01T00:05:00Z' }), NOW)).toEqual(['admin', 'banned', 'locked', 'unverified'])
    expect(statesOf(person({ deleted_at: '2025-12-31T00:00:00Z', is_active: false }), NOW)).toEqual(['deleted'])
  })
})

describe('an invite', () => {
  it.each<[Partial<Invite>, string]>([
    [{}, 'open'],
    [{ uses: 2 }, 'used'],
    [{ expires_at: '2025-12-31T00:00:00Z' }, 'expired'],
    [{ revoked: true, uses: 2 }, 'revoked'],
  ])('with %o is %s', (changes, state) => {
    const invite = { id: 1, display_hint: 'abcd', note: null, created_at: '', created_by: 1, expires_at: '2026-01-02T00:00:00Z', max_uses: 2, uses: 0, revoked: false }
    expect(stateOf({ ...invite, ...changes }, NOW)).toBe(state)
  })
})

describe('a setting', () => {
  const setting = (kind: ConfigItem['kind'], least: number | null, most: number | null) => ({ kind, least, most })

  it.each([
    [setting('number', 1, 10), 5, null],
    [setting('number', 1, 10), 11, 'number'],
    [setting('number', 1, 10), 1.5, 'number'],
    [setting('number', 1, 10), null, 'number'],
    [setting('decimal', 1, 10), 1.5, null],
    [setting('decimal', 1, 10), 0.5, 'decimal'],
    [setting('text', 0, 3), 'abcd', 'text'],
    [setting('boolean', null, null), false, null],
    [setting(null, null, null), { any: 'thing' }, null],
  ])('%o with %o: %s', (described, value, problem) => {
    expect(problemOf(described, value)).toBe(problem)
  })

  it('of an unknown kind is shown as it is', () => {
    expect([fromJson('{"a": [1]}'), fromJson('a text'), fromJson('7')]).toEqual([{ a: [1] }, 'a text', 7])
    expect([asJson('text'), asJson([1]), asJson(null)]).toEqual(['text', '[1]', 'null'])
  })
})

describe('the audit log', () => {
  it('has a name for every action in both languages', () => {
    const table = readFileSync(join(import.meta.dirname, '../../../../libs/contracts/argus_contracts/audit.py'), 'utf8')
    const codes = [...table.matchAll(/^ {4}"(\w+)": Action\(/gm)].map(([, code]) => code ?? '')
    expect(codes.length).toBeGreaterThan(90)
    for (const names of [english.actions, chinese.actions]) expect(codes.filter((code) => !(code in names))).toEqual([])
  })

  const none = { q: '', action: '', username: '', target: '', ip: '', from: '', to: '' }
  const line = (id: number) => ({ id }) as AuditLine

  it('asks for nothing that was not asked for', () => {
    expect(auditQuery(none)).toEqual({})
    expect(auditQuery({ ...none, from: 'yesterday' })).toEqual({})
  })

  it('reads a target with slashes in its id, and whole days of the reader', () => {
    expect(auditQuery({ ...none, target: 'job/b-1/j-1', ip: '10.0.0.1' })).toEqual({ target_type: 'job', target_id: 'b-1/j-1', ip: '10.0.0.1' })
    expect(auditQuery({ ...none, target: 'batch' })).toEqual({ target_type: 'batch' })
    const day = auditQuery({ ...none, from: '2026-03-01', to: '2026-03-01' })
    expect(Date.parse(day.until ?? '') - Date.parse(day.since ?? '')).toBe(86_400_000)
  })

  it('puts new lines above old ones, and drops the old ones when there is a gap', () => {
    expect(merge([5, 4, 3].map(line), [4, 3, 2, 1].map(line)).map(({ id }) => id)).toEqual([5, 4, 3, 2, 1])
    expect(merge([9, 8].map(line), [4, 3].map(line)).map(({ id }) => id)).toEqual([9, 8])
    expect(merge([], [4].map(line))).toEqual([])
  })
})
