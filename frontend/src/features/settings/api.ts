import { client, ok } from '@/api/client'

export const readMe = () => ok(client.GET('/api/auth/me'))

export const savePreferences = (preferences: { preferred_locale?: string; hide_demo?: boolean }) =>
  ok(client.PATCH('/api/users/me/preferences', { body: preferences }))
