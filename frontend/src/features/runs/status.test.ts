import { describe, expect, it } from 'vitest'
import { isStopping } from './status'

describe('a batch is to end', () => {
  const AT = '2026-01-01T10:00:00Z'
  it.each([
    ['stopping', AT, true],
    ['stopping', null, true],
    ['stalled', AT, true],
    ['stalled', null, false],
    ['running', AT, true],
    ['paused', AT, false],
    ['stopped', AT, false],
    ['done', AT, false],
    ['failed', AT, false],
  ])('as %s, asked at %s: %s', (status, stop_requested_at, is) => {
    expect(isStopping({ status, stop_requested_at })).toBe(is)
  })
})
