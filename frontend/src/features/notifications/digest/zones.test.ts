import { expect, it } from 'vitest'
import { clock, HOURS, ownZone, zoneNames } from './zones'

it('names each zone once, the own one first and the chosen one among them', () => {
  const names = zoneNames('Asia/Nowhere')
  expect(names[0]).toBe(ownZone())
  expect(names).toContain('Asia/Nowhere')
  expect(names).toContain('UTC')
  expect(new Set(names).size).toBe(names.length)
})

it('writes hours as a clock does', () => {
  expect(HOURS).toHaveLength(24)
  expect([clock(0), clock(8), clock(23)]).toEqual(['00:00', '08:00', '23:00'])
})
