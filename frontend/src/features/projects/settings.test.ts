import { describe, expect, it } from 'vitest'
import { draftOf, settingsOf } from './settings'

const NOTHING = { description: null, primary_metric: null, direction: null, default_columns: null, stall_minutes: null, idle_minutes: null, divergence_ratio: null, divergence_window: null }

describe("a project's settings", () => {
  it('come back as they were', () => {
    const said = { description: 'Why', primary_metric: 'ACC', direction: 'max' as const, default_columns: ['config.lr', 'status'], stall_minutes: 20, idle_minutes: 5, divergence_ratio: 1.5, divergence_window: 4 }
    expect(settingsOf(draftOf({ ...said, may_change: true }))).toEqual(said)
    expect(settingsOf(draftOf({ ...NOTHING, may_change: true }))).toEqual(NOTHING)
  })

  it('say nothing where a field is empty, and no direction without its metric', () => {
    expect(settingsOf({ description: '  ', metric: ' ', direction: 'max', columns: ' , ', stallMinutes: null, idleMinutes: null, divergenceRatio: null, divergenceWindow: null })).toEqual(NOTHING)
  })
})
