import { describe, expect, it } from 'vitest'
import type { MailServer } from './api'
import { draftOf, guarded, trialOf, wishOf } from './draft'

const SERVER: MailServer = {
  enabled: true,
  smtp_host: 'mail.lab',
  smtp_port: 465,
  smtp_username: 'argus',
  smtp_password: '***',
  has_password: true,
  smtp_from_address: 'argus@lab.example',
  smtp_from_name: 'Lab',
  use_tls: false,
  use_ssl: true,
  updated_at: null,
  updated_by_user_id: null,
}

describe('the mail server in a form', () => {
  it('comes back as it was, and keeps the stored password', () => {
    const { has_password, updated_at, updated_by_user_id, ...same } = SERVER
    expect([has_password, updated_at, updated_by_user_id]).toHaveLength(3)
    expect(wishOf(draftOf(SERVER))).toEqual(same)
  })

  it('sends a new password, or none', () => {
    expect(wishOf({ ...draftOf(SERVER), password: 'new' }).smtp_password).toBe('new')
    expect(wishOf({ ...draftOf(SERVER), forget: true }).smtp_password).toBeNull()
  })

  it('proposes the usual port with the way of guarding, and leaves an unusual one', () => {
    expect(guarded(draftOf(SERVER), 'starttls')).toMatchObject({ security: 'starttls', port: 587 })
    expect(guarded({ ...draftOf(SERVER), port: 2525 }, 'none')).toMatchObject({ security: 'none', port: 2525 })
  })
})

describe('a try', () => {
  it('takes what is typed, with the stored password', () => {
    expect(trialOf(draftOf(SERVER))).toEqual({ host: 'mail.lab', port: 465, username: 'argus', password: '***', use_tls: false, use_ssl: true, from_addr: 'argus@lab.example' })
  })

  it('has nothing to try without a host', () => {
    expect(trialOf({ ...draftOf(SERVER), host: ' ' })).toBeNull()
  })
})
