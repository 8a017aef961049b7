import { expect, it } from 'vitest'
import { isSame, parametersOf } from './match'

it('a view is the address that has its parameters and no others', () => {
  const view = { q: 'lr > 1', sort: '-started' }
  expect(isSame(view, parametersOf({ sort: '-started', q: 'lr > 1' }))).toBe(true)
  expect(isSame(view, parametersOf({ q: 'lr > 1' }))).toBe(false)
  expect(isSame(view, parametersOf({ ...view, cols: 'a' }))).toBe(false)
  expect(parametersOf({ q: 'x', empty: '', twice: ['a', 'b'], none: null })).toEqual({ q: 'x' })
})
