import { expect, it } from 'vitest'
import type { ConfigItem } from './api'
import { trialOf } from './mailTrial'

const items = (values: Record<string, unknown>): ConfigItem[] =>
  Object.entries(values).map(([key, value]) => ({ key, value, encrypted: key === 'password', source: 'db' }) as ConfigItem)

it('asks for the configured server, with the stored password', () => {
  const trial = trialOf(items({ host: 'mail.lab', port: 465, user: 'argus', password: '***', use_tls: false, use_ssl: true, from: 'argus@lab.example' }))
  expect(trial).toEqual({ host: 'mail.lab', port: 465, username: 'argus', password: '***', use_tls: false, use_ssl: true, from_addr: 'argus@lab.example' })
})

it('fills in what is usual', () => {
  expect(trialOf(items({ host: 'mail.lab' }))).toMatchObject({ port: 587, username: null, use_tls: true, use_ssl: false, from_addr: null })
})

it('has nothing to try without a host', () => {
  expect(trialOf(items({ host: '' }))).toBeNull()
  expect(trialOf([])).toBeNull()
})
