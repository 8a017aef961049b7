// Addresses outside of Argus that hear of a project.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type Recipient = Schemas['RecipientOut']
export type RecipientPatch = Schemas['RecipientPatch']

const one = (project: string, id: number) => ({ params: { path: { project, recipient_id: id } } })

export const listRecipients = (project: string) => ok(client.GET('/api/projects/{project}/recipients', { params: { path: { project } } }))
export const addRecipient = (project: string, email: string, kinds: string[]) =>
  ok(client.POST('/api/projects/{project}/recipients', { params: { path: { project } }, body: { email, event_kinds: kinds, enabled: true } }))
export const changeRecipient = (project: string, id: number, body: RecipientPatch) => ok(client.PATCH('/api/projects/{project}/recipients/{recipient_id}', { ...one(project, id), body }))
export const removeRecipient = (project: string, id: number) => ok(client.DELETE('/api/projects/{project}/recipients/{recipient_id}', one(project, id)))
