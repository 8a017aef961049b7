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

export type ProjectScope = 'all' | 'mine' | 'shared'
export type ProjectOverview = components['schemas']['ProjectOverview']
export type ProjectDay = components['schemas']['ProjectDay']
export type ProjectResources = components['schemas']['ProjectResources']
export type ProjectSettings = components['schemas']['ProjectSettings']
export type ProjectSettingsIn = components['schemas']['ProjectSettingsIn']
export type ActiveBatch = components['schemas']['ActiveBatch']

const of = (project: string) => ({ params: { path: { project } } })
export const listProjectsOf = (scope: ProjectScope) => ok(client.GET('/api/projects', { params: { query: { scope } } }))
export const readOverview = (project: string) => ok(client.GET('/api/projects/{project}/overview', of(project)))
export const readProjectResources = (project: string) => ok(client.GET('/api/projects/{project}/resources', of(project)))
export const readProjectStudies = (project: string) => ok(client.GET('/api/studies', { params: { query: { project } } }))
export const readActive = (project: string) => ok(client.GET('/api/projects/{project}/active-batches', of(project)))
export const readSettings = (project: string) => ok(client.GET('/api/projects/{project}/settings', of(project)))
export const putSettings = (project: string, body: ProjectSettingsIn) => ok(client.PUT('/api/projects/{project}/settings', { ...of(project), body }))
