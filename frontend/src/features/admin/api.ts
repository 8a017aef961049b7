import { client, ok } from '@/api/client'

export const readProviders = () => ok(client.GET('/api/auth/oauth/config'))
