import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'
import type { ScopeName } from '@/features/runs'

export type Dashboard = components['schemas']['Dashboard']
export type ActivityItem = components['schemas']['Activity']
export type Concern = components['schemas']['Concern']
export type UserHours = components['schemas']['UserGpuHours']
export type JobListItem = components['schemas']['JobItem']
export type LeaderboardRow = components['schemas']['LeaderboardRow']

const RESULTS = 8

export const readDashboard = (scope: ScopeName) => ok(client.GET('/api/dashboard', { params: { query: { scope } } }))
export const readConcerns = (scope: ScopeName) => ok(client.GET('/api/attention', { params: { query: { scope } } }))
export const readUserHours = (days: number) => ok(client.GET('/api/stats/gpu-hours-by-user', { params: { query: { days } } }))
export const readResults = () => ok(client.GET('/api/jobs', { params: { query: { status: 'done', page_size: RESULTS } } }))
export const readBoard = (project: string, metric: string) => ok(client.GET('/api/projects/{project}/leaderboard', { params: { path: { project }, query: { metric } } }))
