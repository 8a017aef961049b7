import { describe, expect, it } from 'vitest'
import type { Batch, JobOut } from '@/features/runs'
import type { Detail, Moment, Neighbours } from './api'
import { alike, candidateGroups, fromText, textOf } from './candidates'
import { gathered } from './moments'
import { settingsOf, sideOf } from './sides'

const neighbour = (job_id: string, batch_id = 'b') => ({ batch_id, job_id, model: 'm', dataset: 'd', status: 'done', seed: null, value: null, metric: null })
const here = { batchId: 'b', jobId: 'here' }

describe('with whom a job is compared', () => {
  it('suggests each job once, and never itself', () => {
    const neighbours: Neighbours = { cell: [neighbour('s1'), neighbour('c1'), neighbour('here')], seeds: [neighbour('s1')], previous: neighbour('c1'), next: neighbour('n1') }
    const pinned = [{ id: 'p1', batch_id: 'pinned' }] as JobOut[]
    expect(candidateGroups(neighbours, pinned, here).map((group) => [group.reason, group.jobs.map((job) => job.jobId)])).toEqual([
      ['seeds', ['s1']],
      ['cell', ['c1']],
      ['next', ['n1']],
      ['pins', ['p1']],
    ])
    expect(candidateGroups(null, [], here)).toEqual([])
  })

  it('writes a job into the address and reads it back, whatever its id holds', () => {
    const odd = { batchId: 'a/b c', jobId: 'j%2F/ü' }
    expect(fromText(textOf(odd))).toEqual(odd)
    expect([fromText(''), fromText('x'), fromText('a/b/c'), fromText('%/x')]).toEqual([null, null, null, null])
  })

  it('finds its like in a pinned batch', () => {
    const jobs = [{ id: 'a', model: 'm', dataset: 'd' }, { id: 'b', model: 'm', dataset: 'd' }, { id: 'c', model: 'x', dataset: 'd' }] as JobOut[]
    expect(alike(jobs, { id: 'b', model: 'x', dataset: 'd' }).map((job) => job.id)).toEqual(['b'])
    expect(alike(jobs, { id: 'none', model: 'm', dataset: 'd' }).map((job) => job.id)).toEqual(['a', 'b'])
  })
})

describe('a side of a comparison', () => {
  it('has the settings of the job, else of its batch, and what else its start told', () => {
    expect(settingsOf({ config: { lr: 1 }, command: 'x', exit_code: 1, fold: 3 }, { config: { lr: 2 } })).toEqual({ lr: 1, fold: 3 })
    expect(settingsOf({}, { config: { lr: 2 } })).toEqual({ lr: 2 })
    expect(settingsOf(null, null)).toEqual({})
  })

  it('tells commit, machine, packages, changes and command', () => {
    const batch = { command: 'of the batch', env_snapshot: { git_sha: '0123456789abcdef', git_diff: 'diff', pip_freeze: ['a==1'], python_version: '3.12', hostname: 'box' } } as unknown as Batch
    const side = sideOf({ extra: { command: 'train' }, host: 'gpu-1' } as unknown as Detail, batch)
    expect(side).toMatchObject({ command: 'train', packages: ['a==1'], patch: 'diff', facts: { commit: '0123456789ab', python: '3.12', hostname: 'gpu-1' } })
    expect(sideOf({ extra: null, host: null } as unknown as Detail, null)).toEqual({ config: {}, facts: {}, command: '', packages: [], patch: '' })
  })
})

describe('a life', () => {
  const moment = (kind: Moment['kind'], minute: number, text: string | null = null): Moment => ({ at: `2026-11-20T12:${String(minute).padStart(2, '0')}:00Z`, kind, text, line_id: null, artifact_id: null, size_bytes: null, epoch: null, count: 1, level: null })

  it('shows files that came together as one', () => {
    const shown = gathered([moment('started', 0), moment('artifact', 1, 'a'), moment('artifact', 2, 'b'), moment('artifact', 2, 'c'), moment('artifact', 3, 'd'), moment('warning', 3, 'w'), moment('artifact', 3, 'e')])
    expect(shown.map((one) => [one.kind, one.count, one.text])).toEqual([
      ['started', 1, null],
      ['artifact', 3, 'a, b, c'],
      ['artifact', 1, 'd'],
      ['warning', 1, 'w'],
      ['artifact', 1, 'e'],
    ])
  })
})
