// What the editor of mails asks for.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type MailTemplate = Schemas['MailTemplateOut']
export type MailTemplateDetail = Schemas['MailTemplateDetail']
export type MailTexts = Schemas['MailTemplateIn']
export type MailPreviewed = Schemas['MailPreviewOut']

const one = (id: number) => ({ params: { path: { template_id: id } } })

export const listTemplates = () => ok(client.GET('/api/admin/email/templates'))
export const readTemplate = (id: number) => ok(client.GET('/api/admin/email/templates/{template_id}', one(id)))
export const saveTemplate = (id: number, body: MailTexts) => ok(client.PUT('/api/admin/email/templates/{template_id}', { ...one(id), body }))
export const previewTemplate = (id: number, body: MailTexts) => ok(client.POST('/api/admin/email/templates/{template_id}/preview', { ...one(id), body }))
export const resetTemplate = (id: number) => ok(client.POST('/api/admin/email/templates/{template_id}/reset', one(id)))
