import { describe, expect, it } from 'vitest'
import { classesOf, runTotal, total } from './retention'

const settings = {
  retention_snapshot_days: 7,
  retention_log_line_days: 14,
  retention_job_epoch_days: 0,
  retention_event_other_days: 90,
  retention_demo_data_days: 1,
  retention_deleted_days: 30,
  retention_artifact_days: 0,
  retention_sweep_interval_minutes: 60,
}

describe('what leaves with time', () => {
  it('is named by the policy before any sweep', () => {
    const classes = classesOf(settings, null, null)
    expect(classes.find(({ name }) => name === 'event.log_line')).toEqual({ name: 'event.log_line', days: 14, rows: null, bytes: null })
    expect(classes.find(({ name }) => name === 'event.job_epoch')?.days).toBe(0)
  })

  it('has what a sweep counted, also of classes without days', () => {
    const classes = classesOf(settings, { 'event.log_line': 3, orphan: -1 }, { 'event.log_line': 2048 })
    expect(classes.find(({ name }) => name === 'event.log_line')).toMatchObject({ rows: 3, bytes: 2048 })
    expect(classes.find(({ name }) => name === 'orphan')).toEqual({ name: 'orphan', days: null, rows: -1, bytes: null })
  })

  it('adds up what left, and not what failed', () => {
    expect(total({ a: 3, b: -1 })).toBe(3)
    expect(total(null)).toBe(0)
    expect(runTotal({ classes: { a: { rows: 1, bytes: 10, error: null }, b: { rows: 0, bytes: 0, error: 'Timeout' } } })).toEqual({ rows: 1, bytes: 10, failed: ['b'] })
  })
})
