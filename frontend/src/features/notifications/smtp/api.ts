// What the page of the mail server asks for.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type MailServer = Schemas['MailServerOut']
export type MailServerWish = Schemas['MailServerIn']
export type TrialRequest = Schemas['TrialRequest']

export const readMailServer = () => ok(client.GET('/api/admin/email/smtp'))
export const saveMailServer = (body: MailServerWish) => ok(client.PUT('/api/admin/email/smtp', { body }))
export const tryMailServer = (body: TrialRequest) => ok(client.POST('/api/admin/email/smtp/test', { body }))
