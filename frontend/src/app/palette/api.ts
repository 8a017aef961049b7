import { client, ok } from '@/api/client'

const RECENT = 6

/** The newest batches that the text finds; all of them without a text. */
export const findBatches = (q: string) => ok(client.GET('/api/batches', { params: { query: { q: q || undefined, limit: RECENT } } }))
export const readHostNames = async () => (await ok(client.GET('/api/hosts', { params: { query: {} } }))).map((host) => host.host)
