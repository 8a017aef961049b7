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
/** A page of a published project's batches, and where the next one begins. */
export async function listPublicBatches(project: string, cursor: string | null): Promise<{ rows: PublicProjectBatch[]; next: string | null }> {
  let next: string | null = null
  const query = cursor === null ? { limit: 100 } : { limit: 100, cursor }
  const asked = client.GET('/api/public/projects/{project}/batches', { params: { path: { project }, query } })
  const rows = await ok(
    asked.then((answer) => {
      next = answer.response.headers.get('X-Next-Cursor')
      return answer
    }),
  )
  return { rows, next }
}
/** What stands behind a public link; this is what counts as a view of its page. */
export const getPublicBatch = (slug: string) => ok(client.GET('/api/public/{slug}', { params: { path: { slug } } }))

export const listPublications = () => ok(client.GET('/api/admin/projects/public'))
export const publishProject = (project: string, description: string | null) =>
  ok(client.POST('/api/admin/projects/{project}/publish', { ...of(project), body: { description } }))
export const unpublishProject = (project: string) => ok(client.POST('/api/admin/projects/{project}/unpublish', of(project)))
