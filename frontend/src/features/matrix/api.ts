import { client, ok } from '@/api/client'
import { conditionOf, quoted, type CellName } from './groups'
import type { Board, BoardQuery, Toward } from './types'

const MOST_GROUPS = 50

const ofProject = (project: string) => ({ path: { project } })
const ofBatch = (id: string) => ({ path: { batch_id: id } })

export const readProjectMetrics = (project: string) => ok(client.GET('/api/projects/{project}/board-metrics', { params: ofProject(project) }))

/** A project's matrix with its cells: `seeds` is always said, which is what the server takes as a wish for them. */
export async function readProjectMatrix(project: string, query: BoardQuery): Promise<Board> {
  const { cells, ...found } = await ok(client.GET('/api/projects/{project}/matrix', { params: { ...ofProject(project), query: { ...query, seeds: query.seeds ?? false } } }))
  return { ...found, direction: found.direction === 'max' ? 'max' : 'min', cells: cells ?? [] }
}

export const readBatchMatrix = (id: string, query: BoardQuery): Promise<Board> => ok(client.GET('/api/batches/{batch_id}/matrix', { params: { ...ofBatch(id), query } }))

export const readLeaderboard = (project: string, query: BoardQuery) => ok(client.GET('/api/projects/{project}/leaderboard', { params: { ...ofProject(project), query } }))

export const readTrend = (project: string, query: BoardQuery) => ok(client.GET('/api/projects/{project}/leaderboard/trend', { params: { ...ofProject(project), query } }))

/** The seed groups of a cell, the best first. */
export const readCellGroups = (cell: CellName, metric: string, direction: Toward) => {
  const column = `metrics.${quoted(metric)}`
  const body = { query: conditionOf(cell), group_by: ['seed'], columns: [column], sort: [direction === 'max' ? `-${column}` : column], limit: MOST_GROUPS }
  return ok(client.POST('/api/query', { body }))
}
