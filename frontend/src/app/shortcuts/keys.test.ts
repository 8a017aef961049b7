import { describe, expect, it } from 'vitest'
import { NOTHING, press, takesKeys } from './keys'

function type(keys: string, pause = 100) {
  let pressed = NOTHING
  let deed
  for (const [index, key] of [...keys].entries()) ({ deed, pressed } = press(pressed, key, 10_000 + index * pause))
  return deed
}

describe('shortcuts', () => {
  it.each([
    ['gh', { go: 'home' }],
    ['gb', { go: 'batches' }],
    ['go', { go: 'hosts' }],
    ['ggi', { go: 'inbox' }],
    ['gxp', null],
    ['/', 'search'],
    ['?', 'help'],
    ['j', 'down'],
    ['gj', { go: 'jobs' }],
    ['gk', 'up'],
    ['b', null],
  ])('%s does %j', (keys, deed) => expect(type(keys)).toEqual(deed))

  it('forget a first key after a while', () => expect(type('gh', 2_000)).toBeNull())

  it('leave fields and what lies over the page alone', () => {
    document.body.innerHTML = '<input id="a"><div contenteditable="true"><b id="b"></b></div><div role="dialog"><button id="c"></button></div><button id="d"></button>'
    expect(['a', 'b', 'c', 'd'].map((id) => takesKeys(document.getElementById(id)))).toEqual([true, true, true, false])
  })
})
