import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type StudySummary = components['schemas']['StudySummary']
export type Study = components['schemas']['StudyDetail']
export type Trial = components['schemas']['Trial']
export type Importance = components['schemas']['StudyImportance']
export type Curves = components['schemas']['QueryAnswer']

const POINTS = 300
// What the server reads of curves in one answer.
const MOST_CURVES = 400

export const listStudies = (project?: string) => ok(client.GET('/api/studies', { params: { query: { project } } }))
export const readStudy = (name: string) => ok(client.GET('/api/studies/{name}', { params: { path: { name }, query: { sort: 'trial_id' } } }))
export const readImportance = (name: string, metric?: string) => ok(client.GET('/api/studies/{name}/importance', { params: { path: { name }, query: { metric } } }))

/** What the last trials reported of a metric while they ran. */
export const readTrialCurves = (metric: string, trials: readonly Trial[]) =>
  ok(
    client.POST('/api/metrics/query', {
      body: { series: trials.slice(-MOST_CURVES).map(({ batch_id, job_id }) => ({ batch_id, job_id, metrics: [metric] })), groups: [], split: [], points: POINTS },
    }),
  )
