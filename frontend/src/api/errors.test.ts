import { describe, expect, it } from 'vitest'
import { asApiError, toApiError } from './errors'

const answer = (status: number, headers: Record<string, string> = {}) => new Response('{}', { status, headers })

describe('errors of the API', () => {
  it('reads the envelope', () => {
    const error = toApiError(answer(404), { detail: 'gone', error: { code: 'batch.not_found', message: 'No such batch', trace_id: 'abc' } })
    expect([error.status, error.code, error.message, error.traceId]).toEqual([404, 'batch.not_found', 'No such batch', 'abc'])
  })

  it('makes do with a bare detail, or with nothing', () => {
    expect(toApiError(answer(409), { detail: 'This email is taken' }).message).toBe('This email is taken')
    expect(toApiError(answer(502), undefined).code).toBe('http.502')
  })

  it('reads how long to wait', () => {
    expect(toApiError(answer(423, { 'Retry-After': '540' }), {}).retryAfterSeconds).toBe(540)
    expect(toApiError(answer(423), {}).retryAfterSeconds).toBeNull()
  })

  it('names the fields of a 422', () => {
    const error = toApiError(answer(422), { detail: [{ loc: ['body', 'password'], msg: 'too short', type: 'string_too_short' }] })
    expect(error.fields).toEqual([{ field: 'password', message: 'too short', type: 'string_too_short' }])
  })

  it('tells a lost network from a fault of the page', () => {
    expect(asApiError(new TypeError('Failed to fetch')).isOffline).toBe(true)
    expect(asApiError(new RangeError('oops')).status).toBe(-1)
  })
})
