import { describe, expect, it } from 'vitest'
import { around, rank, sectionsFor, type Command } from './commands'

const command = (title: string, more: Partial<Command> = {}): Command => ({ id: title, group: 'projects', title, ...more })

describe('the search of the palette', () => {
  it('wants every word, in the title, the detail or the other words', () => {
    const batch = command('sweep-7', { detail: 'vision', words: 'b-123' })
    expect(['sweep', 'sweep vision', '123', 'sweep nlp'].map((text) => rank(batch, text) !== null)).toEqual([true, true, true, false])
  })

  it('puts what begins with it first, then what has a word that does, then the rest', () => {
    const titles = sectionsFor([command('scan'), command('big-can'), command('cancer')], 'can')[0]?.commands.map(({ title }) => title)
    expect(titles).toEqual(['cancer', 'big-can', 'scan'])
  })

  it('keeps what the server found by something that the page does not see', () => {
    expect(rank(command('sweep-7', { found: true }), 'mira')).toBe(3)
    expect(rank(command('sweep-7', { found: false }), 'mira')).toBeNull()
  })

  it('shows groups in their order, at most six of each, and no empty one', () => {
    const many = Array.from({ length: 9 }, (_, n) => command(`p${n}`))
    const sections = sectionsFor([...many, command('Home', { group: 'pages' })], '')
    expect(sections.map(({ group, commands }) => [group, commands.length])).toEqual([['pages', 1], ['projects', 6]])
  })

  it('goes round at both ends', () => {
    expect([around(2, 1, 3), around(0, -1, 3), around(0, 1, 0)]).toEqual([0, 2, 0])
  })
})
