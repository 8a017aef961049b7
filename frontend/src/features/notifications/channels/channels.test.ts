import { describe, expect, it } from 'vitest'
import type { Channel } from './api'
import { channelState } from './channelState'
import { draftOf, emptyDraft, newChannelOf, patchOf, problemOf } from './draft'

const NOW = Date.parse('2026-01-02T03:04:05Z')
const channel = { id: 1, kind: 'webhook', name: 'lab', shown: 'hooks.example', signed: true, event_kinds: ['job_failed', 'batch_failed'], enabled: true, last: null, resting_until: null } as unknown as Channel
const last = (status: string) => ({ status, at: '2026-01-02T03:00:00Z', error: null }) as Channel['last']

describe('the state of a channel', () => {
  it.each<[Partial<Channel>, string]>([
    [{ enabled: false, last: last('failed') }, 'off'],
    [{ resting_until: '2026-01-02T03:05:00Z', last: last('sent') }, 'resting'],
    [{ resting_until: '2026-01-02T03:04:00Z', last: last('failed') }, 'failed'],
    [{ last: last('sent') }, 'sent'],
    [{ last: last('sending') }, 'waiting'],
    [{}, 'unused'],
  ])('with %j is %s', (more, state) => {
    expect(channelState({ ...channel, ...more }, NOW)).toBe(state)
  })
})

describe('the form of a channel', () => {
  it('says what is missing, the first thing first', () => {
    const draft = emptyDraft()
    expect(problemOf(draft, true)).toBe('nameNeeded')
    draft.name = 'lab'
    expect([problemOf(draft, true), problemOf(draft, false)]).toEqual(['urlNeeded', null])
    draft.url = 'hooks.slack.com/x'
    expect(problemOf(draft, true)).toBe('urlBad')
    draft.url = 'https://hooks.slack.com/x'
    expect(problemOf({ ...draft, kinds: [] }, true)).toBe('kindsNeeded')
    expect(problemOf(draft, true)).toBeNull()
  })

  it('takes for other services an address of any scheme', () => {
    const draft = { ...emptyDraft(), kind: 'apprise' as const, name: 'phone', url: 'tgram://1:token/2' }
    expect(problemOf(draft, true)).toBeNull()
    expect(problemOf({ ...draft, url: 'my telegram' }, true)).toBe('serviceBad')
    expect(newChannelOf({ ...draft, secret: 's' })).toMatchObject({ kind: 'apprise', url: 'tgram://1:token/2', secret: null })
  })

  it('sends a secret only to what takes one', () => {
    const draft = { ...emptyDraft(), name: ' lab ', url: 'https://a/b', secret: 's' }
    expect(newChannelOf(draft)).toMatchObject({ name: 'lab', secret: null })
    expect(newChannelOf({ ...draft, kind: 'feishu' }).secret).toBe('s')
  })

  it('sends of one that is there only what was changed', () => {
    expect(patchOf(draftOf(channel), channel)).toEqual({})
    expect(patchOf({ ...draftOf(channel), kinds: ['batch_failed', 'job_failed'] }, channel)).toEqual({})
    expect(patchOf({ ...draftOf(channel), name: 'new', url: 'https://a/b', kinds: ['batch_done'] }, channel)).toEqual({ name: 'new', url: 'https://a/b', event_kinds: ['batch_done'] })
  })
})
