import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Notification = components['schemas']['NotificationOut']

export const listNotifications = (limit: number, before?: number) => ok(client.GET('/api/notifications', { params: { query: { limit, before } } }))

export const acknowledge = (id: number) =>
  ok(client.POST('/api/notifications/{notification_id}/ack', { params: { path: { notification_id: id } } }))

export const acknowledgeAll = () => ok(client.POST('/api/notifications/mark_all_read'))

export const remove = (id: number) =>
  ok(client.DELETE('/api/notifications/{notification_id}', { params: { path: { notification_id: id } } }))
