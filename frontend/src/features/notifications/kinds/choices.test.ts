import { describe, expect, it } from 'vitest'
import type { NotificationKind, Subscription } from './api'
import { groupKinds, mailChoice, projectsWithChoices } from './choices'
import { inboxChoice, type Inbox } from './inInbox'

const kind = (name: string, about = 'batch', mailed = false) => ({ kind: name, about, mailed_by_default: mailed, severity: 'info', inbox_pref: null }) as NotificationKind
const chose = (project: string | null, event_type: string, enabled: boolean): Subscription => ({ project, event_type, enabled })

describe('what is mailed', () => {
  it.each<[string, Subscription[], ReturnType<typeof mailChoice>]>([
    ['', [], { isOn: true, by: 'default' }],
    ['', [chose(null, 'job_failed', false)], { isOn: false, by: 'all' }],
    ['vision', [chose(null, 'job_failed', false)], { isOn: false, by: 'all' }],
    ['vision', [chose(null, 'job_failed', false), chose('vision', 'job_failed', true)], { isOn: true, by: 'project' }],
    ['vision', [chose('text', 'job_failed', false)], { isOn: true, by: 'default' }],
    ['', [chose('vision', 'job_failed', false)], { isOn: true, by: 'default' }],
  ])('in %j with %j', (project, chosen, wanted) => {
    expect(mailChoice(kind('job_failed', 'batch', true), project, chosen)).toEqual(wanted)
  })

  it('knows a choice under the name that an older page gave it, and prefers the new one', () => {
    expect(mailChoice(kind('batch_done'), '', [chose(null, 'batch_completed', true)])).toEqual({ isOn: true, by: 'all' })
    expect(mailChoice(kind('batch_done'), '', [chose(null, 'batch_completed', true), chose(null, 'batch_done', false)]).isOn).toBe(false)
  })
})

describe('what comes to the inbox', () => {
  const failed = { ...kind('job_failed'), inbox_pref: 'notify_job_failed' }
  const stalled = kind('batch_stalled')
  const inbox = (on: boolean, muted: string[] = [], choices: Inbox['choices'] = []) =>
    ({ prefs: { notify_job_failed: on }, mutes: muted.map((name) => ({ kind: name, batch_id: null })), choices }) as unknown as Inbox
  const here = (kind: string, shown: boolean) => [{ project: 'vision', kind, shown }]

  it.each<[NotificationKind, string, Inbox, ReturnType<typeof inboxChoice>]>([
    [failed, '', inbox(false), { isOn: false, by: 'default' }],
    [failed, 'vision', inbox(true), { isOn: true, by: 'default' }],
    [failed, 'vision', inbox(false, [], here('job_failed', true)), { isOn: true, by: 'project' }],
    [failed, 'text', inbox(false, [], here('job_failed', true)), { isOn: false, by: 'default' }],
    [failed, '', inbox(true, [], here('job_failed', false)), { isOn: true, by: 'default' }],
    [stalled, 'vision', inbox(true, ['batch_stalled']), { isOn: false, by: 'default' }],
    [stalled, 'vision', inbox(true, ['batch_stalled'], here('batch_stalled', true)), { isOn: true, by: 'project' }],
  ])('%#', (kind, project, decides, wanted) => {
    expect(inboxChoice(kind, project, decides)).toEqual(wanted)
  })
})

it('groups kinds by what they are about, and leaves empty groups out', () => {
  expect(groupKinds([kind('share_granted', 'project'), kind('job_failed')]).map(({ about, kinds }) => [about, kinds.length])).toEqual([['batch', 1], ['account', 1]])
})

it('names the projects with a choice of their own, once', () => {
  expect(projectsWithChoices([chose('b', 'x', true), chose('a', 'x', true), chose('b', 'y', false), chose(null, 'x', true)])).toEqual(['a', 'b'])
})
