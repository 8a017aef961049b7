// Accounts elsewhere that open this one.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'
import { GITHUB, type LoginProvider } from '@/features/auth'

export type LinkedAccount = components['schemas']['LinkedAccount']

export interface Connection extends LoginProvider {
  account: LinkedAccount | null
  /** False when the provider is not offered any more: such a link can only be ended. */
  isOffered: boolean
}

const BACK = '/settings/security'
const to = (slug: string) => ({ params: { path: { slug }, query: { redirect: BACK } } })

export const listLinked = () => ok(client.GET('/api/auth/oauth/linked'))

export const beginLink = async (slug: string): Promise<string> => {
  const query = { params: { query: { redirect: BACK } } }
  const answer = slug === GITHUB ? client.POST('/api/auth/oauth/github/link/init', query) : client.POST('/api/auth/oauth/oidc/{slug}/link/init', to(slug))
  return (await ok(answer)).authorize_url
}

export const unlink = (slug: string) =>
  ok(slug === GITHUB ? client.POST('/api/auth/oauth/github/unlink') : client.POST('/api/auth/oauth/oidc/{slug}/unlink', { params: { path: { slug } } }))

export const setFirstPassword = (password: string) => ok(client.POST('/api/auth/oauth/github/set-password', { body: { new_password: password } }))

/** Every provider that is offered, and what is linked with one that is gone. */
export function connections(offered: readonly LoginProvider[], linked: readonly LinkedAccount[]): Connection[] {
  const gone = linked.filter((account) => !offered.some((provider) => provider.slug === account.slug))
  return [
    ...offered.map((provider) => ({ ...provider, isOffered: true, account: linked.find((account) => account.slug === provider.slug) ?? null })),
    ...gone.map((account) => ({ slug: account.slug, name: account.name, isOffered: false, account })),
  ]
}
