import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type ProjectSummary = components['schemas']['ProjectCard']
export type ProjectDetail = components['schemas']['ProjectDetail']

export const listProjects = () => ok(client.GET('/api/projects', { params: { query: {} } }))
export const readProject = (project: string) => ok(client.GET('/api/projects/{project}', { params: { path: { project } } }))

export type Member = components['schemas']['Member']
export type ProjectMembers = components['schemas']['ProjectMembers']
export type ProjectRole = Member['role']

export const listMembers = (project: string) => ok(client.GET('/api/projects/{project}/members', { params: { path: { project } } }))
export const putMember = (project: string, username: string, role: ProjectRole) =>
  ok(client.PUT('/api/projects/{project}/members/{username}', { params: { path: { project, username } }, body: { role } }))
export const removeMember = (project: string, username: string) =>
  ok(client.DELETE('/api/projects/{project}/members/{username}', { params: { path: { project, username } } }))
