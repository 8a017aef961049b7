// Batches and jobs as the pages see them: what the server sends, kept true by the live stream.
import type { components } from '@/api/schema.gen'

export type Batch = components['schemas']['BatchOut']
export type JobOut = components['schemas']['JobOut']
export type EpochLatest = components['schemas']['EpochLatest']

/** The newest point of a job, with the last values of its main loss for a sparkline. */
export interface Progress {
  epoch: number
  values: Readonly<Record<string, number | null>>
  trace: readonly number[]
}

export interface Job extends JobOut {
  progress?: Progress
}
