import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'
import type { JobKey, Mode } from './selection'

export type BatchComparison = components['schemas']['Comparison']
export type JobComparison = components['schemas']['JobComparison']
export type CurveAnswer = components['schemas']['QueryAnswer']
export type Found = components['schemas']['SearchItem']

const asked = ({ batchId, jobId }: JobKey) => ({ batch_id: batchId, job_id: jobId })
// More than a chart over the width of a page can show of 32 lines tells nothing more.
const POINTS = 800
const MOST_FOUND = 12

export const compareBatchesBy = (ids: readonly string[]) => ok(client.GET('/api/compare', { params: { query: { batches: ids.join(',') } } }))
export const compareJobsBy = (jobs: readonly JobKey[]) => ok(client.POST('/api/compare/jobs', { body: { jobs: jobs.map(asked) } }))

/** One metric of some jobs, and of groups of jobs together. */
export const readCurves = (metric: string, jobs: readonly JobKey[], groups: readonly { id: string; jobs: readonly JobKey[] }[]) =>
  ok(
    client.POST('/api/metrics/query', {
      body: {
        series: jobs.map((job) => ({ ...asked(job), metrics: [metric] })),
        groups: groups.map(({ id, jobs: members }) => ({ id, series: members.map(asked), metrics: [metric] })),
        split: [],
        points: POINTS,
      },
    }),
  )

/** Batches, or jobs, whose names hold the text. */
export async function findCandidates(text: string, mode: Mode): Promise<Found[]> {
  const kind = mode === 'batches' ? 'batch' : 'job'
  const { items } = await ok(client.GET('/api/search', { params: { query: { q: text, limit: 30 } } }))
  return items.filter((item) => item.kind === kind).slice(0, MOST_FOUND)
}
