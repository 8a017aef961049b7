import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'
import { COOKIE_SESSION } from '@/api/refresh'

export const login = (usernameOrEmail: string, password: string) =>
  ok(client.POST('/api/auth/login', { headers: COOKIE_SESSION, body: { username_or_email: usernameOrEmail, password } }))

export type Strength = components['schemas']['PasswordStrength']

export const judgePassword = (password: string, about: { username?: string; email?: string }) =>
  ok(client.POST('/api/auth/password-strength', { body: { password, username: about.username ?? '', email: about.email ?? '' } }))

export const readRegistration = () => ok(client.GET('/api/auth/registration'))

export const register = (username: string, email: string, password: string, invite: string | null) =>
  ok(client.POST('/api/auth/register', { body: { username, email, password, invite_code: invite } }))

export const requestPasswordReset = (email: string) => ok(client.POST('/api/auth/request-password-reset', { body: { email } }))

export const resetPassword = (token: string, newPassword: string) =>
  ok(client.POST('/api/auth/reset-password', { body: { token, new_password: newPassword } }))

export const verifyEmail = (token: string) => ok(client.POST('/api/auth/verify-email', { body: { token } }))

/** What a link would do. Without `look` it would do it, and scanners of mail open pages. */
export const readNewEmail = (token: string) =>
  ok(client.GET('/api/auth/verify-new-email', { params: { query: { token, look: true } } })) as Promise<components['schemas']['PendingEmail']>

export const confirmNewEmail = (token: string) => ok(client.POST('/api/auth/verify-new-email', { body: { token } }))
