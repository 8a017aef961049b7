import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'
import type { ScopeName } from '@/features/runs'

export type Dashboard = components['schemas']['Dashboard']
export type ActivityItem = components['schemas']['Activity']

export const readDashboard = (scope: ScopeName) => ok(client.GET('/api/dashboard', { params: { query: { scope } } }))
