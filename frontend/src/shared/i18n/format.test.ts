import { describe, expect, it, vi } from 'vitest'
import { formatClock, formatDate, formatDay, formatDuration, formatMemory, formatMetric, formatRelative, parseTime, shortenMiddle } from './format'
import { preferredLocale } from './index'

describe('formats', () => {
  it('says a far day with its year, in the order of the language', () => {
    const noon = new Date(2030, 5, 21, 12).getTime()
    expect(formatDate(noon, 'en-US')).toBe('Jun 21, 2030')
    expect(formatDate(noon, 'zh-CN')).toBe('2030年6月21日')
  })

  it.each(['en-US', 'zh-CN'])('the time of today reads in %s as the browser would write it, without its formatter', (locale) => {
    const made = vi.spyOn(Intl, 'DateTimeFormat')
    const times = [0, 7, 12, 23].map((hour) => new Date(2030, 5, 21, hour, 5).getTime())
    const read = times.map((time) => formatClock(time, times[0] ?? 0, locale))
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
    const format = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    expect(read).toEqual(times.map((time) => format.format(time)))
  })

  it.each([
    [0.123456, '0.1235'],
    [0.5, '0.5'],
    [12_345.678, '12350'],
    [0.0001234, '1.23e-4'],
    [1_234_567, '1.23e+6'],
    [0, '0'],
    [42, '42'],
    [null, '–'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Inf'],
  ])('metric %s reads %s', (value, text) => {
    expect(formatMetric(value)).toBe(text)
  })

  it.each([
    [512, '512 MiB'],
    [2_048, '2.0 GiB'],
    [24_576, '24 GiB'],
    [2_097_152, '2.0 TiB'],
    [null, '–'],
  ])('%s MiB reads %s', (value, text) => {
    expect(formatMemory(value)).toBe(text)
  })

  it('days are those of the server, wherever the reader is', () => {
    expect(formatDay(Date.parse('2026-11-21'), 'en-US')).toBe('Nov 21')
    expect(formatDay(Date.parse('2026-11-21'), 'zh-CN')).toBe('11月21日')
  })

  it.each([
    [0, '0 sec'],
    [59.6, '1 min'],
    [3_725, '1 hr 2 min'],
    [90_000, '1 day 1 hr'],
    [null, '–'],
  ])('%s seconds read %s', (value, text) => {
    expect(formatDuration(value, 'en-US')).toBe(text)
  })

  it('says how long ago, in both languages', () => {
    expect(formatRelative(0, 120_000, 'en-US')).toBe('2 min. ago')
    expect(formatRelative(0, 120_000, 'zh-CN')).toBe('2分钟前')
    expect(formatRelative(0, 1_000, 'en-US')).toBe('now')
  })

  it('has no time for what is none', () => {
    expect([parseTime('garbage'), parseTime(null), parseTime('1970-01-01T00:00:01Z')]).toEqual([null, null, 1000])
  })

  it('shortens the middle and keeps both ends', () => {
    const short = shortenMiddle('bench-sklearn-matrix-4f9c2a71be03', 20)
    expect(short).toHaveLength(20)
    expect(short.startsWith('bench-skl')).toBe(true)
    expect(short.endsWith('be03')).toBe(true)
    expect(shortenMiddle('short')).toBe('short')
  })
})

describe('the first language', () => {
  it.each([
    [null, ['zh-TW', 'en'], 'zh-CN'],
    [null, ['de', 'en-GB'], 'en-US'],
    [null, ['fr'], 'en-US'],
    ['zh-CN', ['en'], 'zh-CN'],
    ['xx', ['en'], 'en-US'],
  ])('stored %s with %j is %s', (stored, languages, locale) => {
    expect(preferredLocale(stored, languages)).toBe(locale)
  })
})
