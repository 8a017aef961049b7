import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type JobItem = components['schemas']['JobItem']
export const PAGE_SIZE = 50

export interface JobFilter {
  status?: string
  project?: string
  host?: string
  since?: string
  q?: string
}

export const listJobs = (filter: JobFilter, page: number) =>
  ok(client.GET('/api/jobs', { params: { query: { ...filter, page, page_size: PAGE_SIZE } } }))

/** The names that the filters offer: all projects and hosts that the reader sees. */
export async function readChoices(): Promise<{ projects: string[]; hosts: string[] }> {
  const [projects, hosts] = await Promise.all([
    ok(client.GET('/api/projects', { params: { query: {} } })),
    ok(client.GET('/api/hosts', { params: { query: {} } })),
  ])
  return { projects: projects.map((project) => project.project).sort(), hosts: hosts.map((host) => host.host).sort() }
}
