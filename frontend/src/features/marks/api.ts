// A person's own marks: stars on projects and batches, and at most four pinned batches.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Star = components['schemas']['Star']
export type Pin = components['schemas']['Pin']
export type Starrable = 'project' | 'batch'

export const listStars = () => ok(client.GET('/api/stars'))
export const addStar = (type: Starrable, id: string) => ok(client.POST('/api/stars', { body: { target_type: type, target_id: id } }))
export const removeStar = (type: Starrable, id: string) =>
  ok(client.DELETE('/api/stars/{target_type}/{target_id}', { params: { path: { target_type: type, target_id: id } } }))

export const listPins = () => ok(client.GET('/api/pins'))
export const addPin = (batchId: string) => ok(client.POST('/api/pins', { body: { batch_id: batchId } }))
export const removePin = (batchId: string) => ok(client.DELETE('/api/pins/{batch_id}', { params: { path: { batch_id: batchId } } }))
