import { describe, expect, it } from 'vitest'
import { parsePart, writePart } from '@/shared/composables/useQueryPart'
import { settingsOf } from './composables/useSettings'

describe('a part in the URL', () => {
  it.each(['10:20', '-3.5:0.25', '1795435200000:1795438800000'])('%s is read as it was written', (text) => expect(writePart(parsePart(text))).toBe(text))
  it.each(['', '5', '20:10', '1:2:3', 'a:b', ':4', '1:Infinity'])('"%s" is none', (text) => expect(parsePart(text)).toBeNull())
})

describe('settings by which jobs are told apart', () => {
  it('are named by their path, seeds aside', () => {
    expect(settingsOf({ lr: 0.1, seed: 3, optim: { name: 'sgd', rng: 1 }, layers: [1, 2] })).toEqual(['lr', 'optim.name', 'layers'])
    expect(settingsOf(null)).toEqual([])
  })
})
