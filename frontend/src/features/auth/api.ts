import { client, ok } from '@/api/client'

export const login = (usernameOrEmail: string, password: string) =>
  ok(client.POST('/api/auth/login', { body: { username_or_email: usernameOrEmail, password } }))

export const register = (username: string, email: string, password: string) =>
  ok(client.POST('/api/auth/register', { body: { username, email, password } }))

export const logout = () => ok(client.POST('/api/auth/logout'))
