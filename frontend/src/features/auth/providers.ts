// Signing in with an account elsewhere: which providers there are, and the addresses that lead to them.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type OAuthConfig = components['schemas']['OAuthConfig']

export interface LoginProvider {
  slug: string
  name: string
}

export const GITHUB = 'github'

export const readLoginProviders = async (): Promise<LoginProvider[]> => listProviders(await ok(client.GET('/api/auth/oauth/config')))

export const listProviders = (config: OAuthConfig): LoginProvider[] => [...(config.github ? [{ slug: GITHUB, name: 'GitHub' }] : []), ...config.providers]

/** Where the browser goes to sign in; it comes back with a session in its cookie. */
export function startAddress(slug: string, redirect: string, invite = ''): string {
  const query = new URLSearchParams({ session: 'cookie', ...(redirect === '/' ? {} : { redirect }), ...(invite ? { invite } : {}) })
  return `/api/auth/oauth/${slug === GITHUB ? slug : `oidc/${encodeURIComponent(slug)}`}/start?${query}`
}

/** What the query of a page says of a sign-in that failed: with which provider, and why. */
export function readFailure(query: Record<string, unknown>): { slug: string; reason: string } | null {
  const slug = /^oauth_([a-z0-9-]+)_failed$/.exec(String(query.error ?? ''))?.[1]
  return slug ? { slug, reason: String(query.reason ?? '') } : null
}
