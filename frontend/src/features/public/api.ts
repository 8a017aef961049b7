// What public pages read, as nobody; and publishing, as an administrator.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type PublicProject = components['schemas']['PublicProject']
export type PublicProjectCard = components['schemas']['PublicProjectCard']
export type PublicProjectBatch = components['schemas']['PublicProjectBatch']
export type PublicBatch = components['schemas']['PublicBatch']
export type Publication = components['schemas']['Publication']

const of = (project: string) => ({ params: { path: { project } } })

export const listPublicProjects = () => ok(client.GET('/api/public/projects'))
export const getPublicProject = (project: string) => ok(client.GET('/api/public/projects/{project}', of(project)))
export const listPublicBatches = (project: string) => ok(client.GET('/api/public/projects/{project}/batches', of(project)))
/** What stands behind a public link; this is what counts as a view of its page. */
export const getPublicBatch = (slug: string) => ok(client.GET('/api/public/{slug}', { params: { path: { slug } } }))

export const listPublications = () => ok(client.GET('/api/admin/projects/public'))
export const publishProject = (project: string, description: string | null) =>
  ok(client.POST('/api/admin/projects/{project}/publish', { ...of(project), body: { description } }))
export const unpublishProject = (project: string) => ok(client.POST('/api/admin/projects/{project}/unpublish', of(project)))
