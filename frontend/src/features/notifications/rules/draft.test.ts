import { describe, expect, it } from 'vitest'
import type { Rule } from './api'
import { draftOf, draftOfExample, emptyDraft, EXAMPLES, lastingText, problemOf, ruleOf, unready, usualQuiet, type Example } from './draft'

const draft = (change = {}) => ({ ...emptyDraft(), name: 'good', condition: 'epoch > 3', ...change })

describe('a draft of a rule', () => {
  it.each([
    [{}, null],
    [{ name: ' ' }, 'nameNeeded'],
    [{ condition: ' ' }, 'conditionNeeded'],
    [{ watches: 'events' }, 'kindsNeeded'],
    [{ watches: 'events', kinds: ['job_failed'] }, null],
    [{ watches: 'silence', condition: '' }, 'silenceNeeded'],
    [{ watches: 'silence', condition: '', for_s: 1800 }, null],
    [{ channels: [] }, 'waysNeeded'],
    [{ quiet_hours: { ...usualQuiet(), days: [] } }, 'daysNeeded'],
    [{ quiet_hours: { ...usualQuiet(), from: '00:00', to: '00:00' } }, 'alwaysQuiet'],
  ])('%j lacks %s', (change, problem) => {
    expect(problemOf(draft(change))).toBe(problem)
  })

  it('can be tried without a name', () => {
    expect(unready(draft({ name: '' }))).toBeNull()
  })

  it('sends nothing that does not belong to what it watches', () => {
    const sent = ruleOf(draft({ watches: 'events', kinds: ['job_failed'], for_s: 600, name: ' a ' }))
    expect([sent.for_s, sent.kinds, sent.name]).toEqual([0, ['job_failed'], 'a'])
    expect(ruleOf(draft({ kinds: ['job_failed'], for_s: 600 }))).toMatchObject({ kinds: [], for_s: 600 })
  })

  it('holds all of a rule and nothing else', () => {
    const rule = { ...ruleOf(draft({ quiet_hours: usualQuiet() })), id: 1, project: null, said_at: null, unsaid: 0, created_at: '', updated_at: null, added_by_user_id: 1, added_by: 'ada' } as unknown as Rule
    expect(draftOf(rule)).toEqual(draft({ quiet_hours: usualQuiet() }))
  })

  it('of every example is ready', () => {
    for (const example of Object.keys(EXAMPLES) as Example[]) expect(problemOf(draftOfExample(example, 'a'))).toBeNull()
  })
})

describe('a duration', () => {
  it.each([[90, '90s'], [60, '1m'], [1800, '30m'], [7200, '2h'], [86_400, '1d']])('of %d seconds is %s', (seconds, text) => {
    expect(lastingText(seconds)).toBe(text)
  })
})
