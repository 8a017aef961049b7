// What only the page of a batch asks for.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Happening = components['schemas']['Happening']
export type RerunInfo = components['schemas']['RerunInfo']
export type MailChoice = components['schemas']['BatchSubscriptionOut']

const ofBatch = (id: string) => ({ params: { path: { batch_id: id } } })

export const rerunBatch = (id: string, overrides: Record<string, unknown>) => ok(client.POST('/api/batches/{batch_id}/rerun', { ...ofBatch(id), body: { overrides } }))
export const inspectHost = (id: string) => ok(client.POST('/api/batches/{batch_id}/inspect', ofBatch(id)))
export const readDrift = (id: string, commandId: string) =>
  ok(client.GET('/api/batches/{batch_id}/drift', { params: { path: { batch_id: id }, query: { command_id: commandId } } }))
export const getRerunInfo = (id: string) => ok(client.GET('/api/batches/{batch_id}/rerun-info', ofBatch(id)))
export const deleteBatch = (id: string) => ok(client.DELETE('/api/batches/{batch_id}', ofBatch(id)))

export const getActivity = (id: string, before: number | undefined, jobs: boolean) =>
  ok(client.GET('/api/batches/{batch_id}/activity', { params: { path: { batch_id: id }, query: { before, jobs, limit: 100 } } }))

/** Null where nothing was chosen. */
export const getMailChoice = async (id: string) => {
  const choice = await ok(client.GET('/api/batches/{batch_id}/email-subscription', { params: { path: { batch_id: id }, query: { or_default: true } } }))
  return choice.created_at === null ? null : choice
}
export const setMailChoice = (id: string, kinds: string[], enabled: boolean) =>
  ok(client.PUT('/api/batches/{batch_id}/email-subscription', { ...ofBatch(id), body: { event_kinds: kinds, enabled } }))
export const dropMailChoice = (id: string) => ok(client.DELETE('/api/batches/{batch_id}/email-subscription', ofBatch(id)))

export const listMine = (limit: number) => ok(client.GET('/api/notifications', { params: { query: { limit } } }))

export const restoreBatch = (id: string) => ok(client.POST('/api/trash/restore', { body: { batches: [id], jobs: [] } }))

export const exportJobs = (id: string) => ok(client.GET('/api/batches/{batch_id}/export.csv', { ...ofBatch(id), parseAs: 'blob' }))

export const getReadings = (id: string, limit: number) =>
  ok(client.GET('/api/batches/{batch_id}/resources', { params: { path: { batch_id: id }, query: { limit } } }))
