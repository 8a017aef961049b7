import { describe, expect, it } from 'vitest'
import vectors from '../../../../sdk/tests/agent/vectors/overriding.json'
import { overridden, quoted } from './overriding'

describe('a command with changed settings', () => {
  it.each(vectors)('$name', ({ command, overrides, expected }) => {
    expect(overridden(command, overrides as Record<string, unknown>)).toBe(expected)
  })

  it('quotes what a shell would take apart', () => {
    expect(['a.b=1', 'x y', "it's", '$HOME', ''].map(quoted)).toEqual(['a.b=1', "'x y'", `'it'"'"'s'`, "'$HOME'", "''"])
  })
})
