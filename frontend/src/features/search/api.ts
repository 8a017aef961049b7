import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type SearchItem = components['schemas']['SearchItem']
export type SearchKind = SearchItem['kind']
export const KINDS = ['project', 'batch', 'job', 'host', 'study'] as const satisfies readonly SearchKind[]

export const searchEverything = async (q: string, limit: number): Promise<SearchItem[]> => (await ok(client.GET('/api/search', { params: { query: { q, limit } } }))).items
