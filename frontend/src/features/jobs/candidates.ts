// With which jobs one may want to compare this one: its neighbours, and its like in the pinned batches.
import type { JobOut } from '@/features/runs'
import type { Neighbour, Neighbours } from './api'

export interface Candidate {
  batchId: string
  jobId: string
}

export type Reason = 'previous' | 'next' | 'seeds' | 'cell' | 'pins'
export interface CandidateGroup {
  reason: Reason
  jobs: Candidate[]
}

const MOST = 12

export function candidateGroups(neighbours: Neighbours | null, pinned: readonly JobOut[], here: Candidate): CandidateGroup[] {
  const taken = new Set([textOf(here)])
  const unseen = (jobs: readonly Candidate[]): Candidate[] =>
    jobs.filter((job) => !taken.has(textOf(job)) && taken.add(textOf(job))).slice(0, MOST)
  const of = (jobs: readonly (Neighbour | null | undefined)[]): Candidate[] => jobs.flatMap((job) => (job ? [{ batchId: job.batch_id, jobId: job.job_id }] : []))
  const groups: CandidateGroup[] = [
    { reason: 'seeds', jobs: unseen(of(neighbours?.seeds ?? [])) },
    { reason: 'cell', jobs: unseen(of(neighbours?.cell ?? [])) },
    { reason: 'previous', jobs: unseen(of([neighbours?.previous])) },
    { reason: 'next', jobs: unseen(of([neighbours?.next])) },
    { reason: 'pins', jobs: unseen(pinned.map((job) => ({ batchId: job.batch_id, jobId: job.id }))) },
  ]
  return groups.filter((group) => group.jobs.length > 0)
}

/** A job as one text for the address; ids may hold anything. */
export const textOf = ({ batchId, jobId }: Candidate): string => `${encodeURIComponent(batchId)}/${encodeURIComponent(jobId)}`

export function fromText(text: string): Candidate | null {
  const [batchId, jobId, ...more] = text.split('/')
  if (!batchId || !jobId || more.length > 0) return null
  try {
    return { batchId: decodeURIComponent(batchId), jobId: decodeURIComponent(jobId) }
  } catch {
    return null
  }
}

/** Of the jobs of a pinned batch those that one would compare: of the same name, else of the same model and data set. */
export function alike(jobs: readonly JobOut[], job: { id: string; model: string | null; dataset: string | null }): JobOut[] {
  const named = jobs.filter((other) => other.id === job.id)
  return named.length > 0 ? named : jobs.filter((other) => other.model === job.model && other.dataset === job.dataset).slice(0, 3)
}
