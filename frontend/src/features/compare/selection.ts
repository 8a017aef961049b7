// What is compared, as it stands in the address: batches by their ids, or jobs by two ids each. Pure.
import type { RouteLocationRaw } from 'vue-router'

export interface JobKey {
  batchId: string
  jobId: string
}

export type Mode = 'batches' | 'jobs'

export interface Selection {
  mode: Mode
  batches: readonly string[]
  jobs: readonly JobKey[]
}

export const MOST_COMPARED = 32
export const FEWEST_BATCHES = 2

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `batch/job,batch/job`; ids with a slash or a comma are written with their percent signs. */
export function parseJobs(text: string): JobKey[] {
  const found = new Map<string, JobKey>()
  for (const part of text.split(',')) {
    const at = part.indexOf('/')
    if (at <= 0 || at === part.length - 1) continue
    const key = { batchId: decoded(part.slice(0, at)), jobId: decoded(part.slice(at + 1)) }
    found.set(keyOfJob(key), key)
  }
  return [...found.values()].slice(0, MOST_COMPARED)
}

export const writeJobs = (jobs: readonly JobKey[]): string => jobs.map(({ batchId, jobId }) => `${encodeURIComponent(batchId)}/${encodeURIComponent(jobId)}`).join(',')

export const parseBatches = (text: string): string[] => [...new Set(text.split(',').map((id) => id.trim()).filter(Boolean))].slice(0, MOST_COMPARED)

export const keyOfJob = ({ batchId, jobId }: JobKey): string => JSON.stringify([batchId, jobId])

/** The page that compares these; the first of them is the baseline. */
export function compareJobs(jobs: readonly JobKey[]): RouteLocationRaw {
  return { name: 'compare', query: { jobs: writeJobs(jobs.slice(0, MOST_COMPARED)) } }
}

export function compareBatches(batchIds: readonly string[]): RouteLocationRaw {
  return { name: 'compare', query: { batches: batchIds.slice(0, MOST_COMPARED).join(',') } }
}

/** The list with the one at `from` moved to `to`. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list]
  const [taken] = next.splice(from, 1)
  if (taken !== undefined) next.splice(Math.max(0, Math.min(next.length, to)), 0, taken)
  return next
}
