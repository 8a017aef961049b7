// The links in mails, for whoever has one.
import { client, ok } from '@/api/client'

export const unsubscribe = (token: string) => ok(client.POST('/api/unsubscribe', { params: { query: { token } } }))
export const unsubscribeRecipient = (token: string) => ok(client.POST('/api/unsubscribe/recipient/{token}', { params: { path: { token } } }))
