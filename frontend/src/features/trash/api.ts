import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type TrashItem = components['schemas']['TrashItem']
export type TrashKind = TrashItem['kind']
export type Chosen = components['schemas']['Chosen']

const PAGE = 100

export const listTrash = (kind: TrashKind, cursor?: string) => ok(client.GET('/api/trash', { params: { query: { kind, cursor, limit: PAGE } } }))
export const restore = (body: Chosen) => ok(client.POST('/api/trash/restore', { body }))
export const purge = (body: Chosen) => ok(client.POST('/api/trash/purge', { body }))

export const keyOf = (item: TrashItem): string => (item.job_id === null ? item.batch_id : `${item.batch_id}/${item.job_id}`)

/** The items as the server is told of them. */
export const chosenOf = (items: readonly TrashItem[]): Chosen => ({
  batches: items.filter((item) => item.job_id === null).map((item) => item.batch_id),
  jobs: items.flatMap((item) => (item.job_id === null ? [] : [{ batch_id: item.batch_id, job_id: item.job_id }])),
})
