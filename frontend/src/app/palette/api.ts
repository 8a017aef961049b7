import { client, ok } from '@/api/client'

const RECENT = 6

/** The newest batches. */
export const findBatches = () => ok(client.GET('/api/batches', { params: { query: { limit: RECENT } } }))
