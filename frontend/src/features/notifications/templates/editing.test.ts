import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/errors'
import type { MailTemplate } from './api'
import { byKind, inserted, isSame, mistakeOf, textsOf, written } from './editing'

const template = (event_type: string, locale: string): MailTemplate => ({ id: 1, event_type, locale, subject: 's', body_html: 'h', body_text: 't', is_system: true, is_changed: false, updated_at: null, updated_by_user_id: null })

describe('putting in a variable', () => {
  it('takes the place of what is selected, and the cursor stands behind it', () => {
    expect(inserted('Hello you!', 6, 9, '{{ user.username }}')).toEqual({ text: 'Hello {{ user.username }}!', at: 25 })
    expect(inserted('', 0, 0, 'x')).toEqual({ text: 'x', at: 1 })
  })

  it('goes through a list', () => {
    expect(written('batch.id')).toBe('{{ batch.id }}')
    expect(written('lines')).toContain('{% for one in lines %}')
  })
})

describe('a draft', () => {
  it('is the same until one of its parts differs', () => {
    const texts = textsOf(template('batch_done', 'en-US'))
    expect(isSame(texts, { ...texts })).toBe(true)
    expect(isSame(texts, { ...texts, body_text: 'other' })).toBe(false)
  })

  it('is told where it is wrong', () => {
    const error = new ApiError(400, 'template.invalid', 'm', null, null, [], { field: 'body_html', line: 3, problem: 'p' })
    expect(mistakeOf(error)).toEqual({ field: 'body_html', line: 3, problem: 'p' })
    expect(mistakeOf(new ApiError(500, 'internal', 'm'))).toBeNull()
  })
})

it('lists each kind once, with its languages', () => {
  const found = byKind([template('batch_done', 'en-US'), template('batch_done', 'zh-CN'), template('digest', 'en-US')])
  expect(found.map(({ kind, templates }) => [kind, templates.length])).toEqual([
    ['batch_done', 2],
    ['digest', 1],
  ])
})
