// Boards as the server tells them: models by datasets, and the rows of a leaderboard.
import type { components } from '@/api/schema.gen'

export type Board = components['schemas']['JobMatrix']
export type Cell = components['schemas']['MatrixCell']
export type CellJob = components['schemas']['MatrixJob']
export type Spread = components['schemas']['Spread']
export type BoardMetric = components['schemas']['BoardMetric']
export type BoardMetrics = components['schemas']['BoardMetrics']
export type BoardRow = components['schemas']['LeaderboardRow']
export type BestTrend = components['schemas']['BestTrend']
export type JobGroup = components['schemas']['JobGroup']

/** What is better. */
export type Toward = 'min' | 'max'

/** Against what a cell is shaded. */
export const HEATS = ['all', 'column', 'row', 'off'] as const
export type Heat = (typeof HEATS)[number]

/** How a board is asked for. */
export interface BoardQuery {
  metric?: string
  also?: string[]
  seeds?: boolean
  direction?: Toward
}

/** Where a board stands: a project or a batch. */
export interface BoardPlace {
  project?: string
  batchId?: string
}
