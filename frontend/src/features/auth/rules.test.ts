import { expect, it } from 'vitest'
import { isCut } from './rules'

it('a link whose token lost its end is told from one that is whole', () => {
  expect(['', 'a', 'seven-7'].map(isCut)).toEqual([true, true, true])
  expect(isCut('eight-88')).toBe(false)
})
