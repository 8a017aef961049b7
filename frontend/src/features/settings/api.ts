import { client, ok } from '@/api/client'

export const readMe = () => ok(client.GET('/api/auth/me'))

export const changePassword = (currentPassword: string, newPassword: string) =>
  ok(client.POST('/api/auth/change-password', { body: { current_password: currentPassword, new_password: newPassword } }))

export const changeEmail = (newEmail: string, currentPassword: string) =>
  ok(client.POST('/api/auth/change-email', { body: { new_email: newEmail, current_password: currentPassword } }))

export const resendVerification = () => ok(client.POST('/api/me/resend_verification'))

export type Runs = 'keep' | 'delete'

export const deleteAccount = (runs: Runs, username: string, currentPassword: string | null) =>
  ok(client.DELETE('/api/auth/me', { body: { runs, username, current_password: currentPassword } }))

export const exportAccount = (): Promise<Blob> => ok(client.GET('/api/auth/me/export', { parseAs: 'blob' })) as Promise<Blob>

export const listSessions = () => ok(client.GET('/api/auth/sessions'))

export const revokeSession = (jti: string) => ok(client.POST('/api/auth/sessions/{jti}/revoke', { params: { path: { jti } } }))

export const revokeOtherSessions = () => ok(client.POST('/api/auth/sessions/revoke-others'))

export const savePreferences = (preferences: { preferred_locale?: string; hide_demo?: boolean }) =>
  ok(client.PATCH('/api/users/me/preferences', { body: preferences }))
