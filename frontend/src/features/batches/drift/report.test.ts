import { describe, expect, it } from 'vitest'
import { countsOf, groupsOf, hasSides, isGrave, shortSha, type DriftItem } from './report'

const item = (facts: Partial<DriftItem>): DriftItem => ({ kind: 'path', change: 'removed', severity: 'warning', name: '', recorded: null, found: null, commits: null, ...facts })
const numpy = item({ kind: 'package', change: 'changed', name: 'numpy', recorded: '1.26', found: '2.1' })

describe('a drift report', () => {
  it('is laid out by severity, packages apart, without empty groups', () => {
    const gone = item({ name: '/data' })
    const groups = groupsOf([numpy, item({ kind: 'system', severity: 'info' }), gone])
    expect(groups.map(({ severity }) => severity)).toEqual(['warning', 'info'])
    expect(groups[0]?.items).toEqual([gone])
    expect(groups[0]?.packages).toEqual([{ name: 'numpy', versions: ['1.26', '2.1'], change: 'changed' }])
    expect(groupsOf([])).toEqual([])
  })

  it('keeps the word that packages are not known among the items', () => {
    const [group] = groupsOf([item({ kind: 'package', change: 'unknown', severity: 'info' })])
    expect([group?.items.length, group?.packages.length]).toEqual([1, 0])
  })

  it('asks for a word of consent only where something may go wrong', () => {
    expect(isGrave([])).toBe(false)
    expect(isGrave([item({ severity: 'info' })])).toBe(false)
    expect(isGrave([item({ severity: 'info' }), item({ severity: 'blocker' })])).toBe(true)
  })

  it('shows two sides only where there are two', () => {
    expect(hasSides(item({ kind: 'python', change: 'changed' }))).toBe(true)
    expect(hasSides(item({ kind: 'driver', change: 'unknown' }))).toBe(false)
    expect(hasSides(item({ kind: 'dirty', change: 'changed' }))).toBe(false)
  })

  it('counts packages and shortens commits', () => {
    expect(countsOf([{ name: 'a', versions: [null, '1'], change: 'added' }, { name: 'b', versions: ['1', null], change: 'removed' }])).toEqual({ changed: 0, removed: 1, added: 1 })
    expect([shortSha('0123456789abcdef'), shortSha(null)]).toEqual(['01234567', ''])
  })
})
