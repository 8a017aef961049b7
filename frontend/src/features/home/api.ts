import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Dashboard = components['schemas']['DashboardOut']
export type ActivityItem = components['schemas']['ActivityItem']
export type ScopeName = 'mine' | 'shared' | 'all'

export const readDashboard = (scope: ScopeName) => ok(client.GET('/api/dashboard', { params: { query: { scope } } }))
