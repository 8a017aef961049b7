// What can be told of, and what I chose to hear.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type NotificationKind = Schemas['NotificationKind']
export type Prefs = Schemas['NotificationPrefs']
export type Subscription = Schemas['Subscription']

export const listKinds = () => ok(client.GET('/api/notification-kinds'))
export const readPrefs = () => ok(client.GET('/api/me/notification_prefs'))
export const savePrefs = (prefs: Prefs) => ok(client.PUT('/api/me/notification_prefs', { body: prefs }))
export const listSubscriptions = () => ok(client.GET('/api/me/subscriptions'))

/** One choice about mail; null takes it back. Answers with all of them. */
export const saveSubscription = (project: string | null, kind: string, enabled: boolean | null) =>
  ok(client.PATCH('/api/me/subscriptions', { body: { subscriptions: [{ project, event_type: kind, enabled }] } }))
