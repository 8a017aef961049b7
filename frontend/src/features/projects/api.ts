import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type ProjectSummary = components['schemas']['ProjectCard']
export type ProjectDetail = components['schemas']['ProjectDetail']

export const listProjects = () => ok(client.GET('/api/projects', { params: { query: {} } }))
export const readProject = (project: string) => ok(client.GET('/api/projects/{project}', { params: { path: { project } } }))
