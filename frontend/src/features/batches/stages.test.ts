import { describe, expect, it } from 'vitest'
import { stageOf } from './stages'

const AT = '2026-01-01T10:00:00Z'
const time = (second: number) => `2026-01-01T10:00:${String(second).padStart(2, '0')}Z`
const step = (name: string, second: number, detail: string | null = null) => ({ step: name, at: time(second), received_at: time(second + 1), detail })
const stop = (status: string, ...steps: ReturnType<typeof step>[]) => ({ status, error: status === 'failed' ? 'The host refused: not allowed' : null, created_at: AT, steps })

describe('how far a stop is', () => {
  it('is the flag alone where no agent was told', () => {
    expect(stageOf(null, AT)).toEqual({ name: 'flag', at: AT, detail: null, until: null })
    expect(stageOf(stop('succeeded', step('ended', 3)), '2026-01-01T11:00:00Z').name, 'of an earlier stop').toBe('flag')
  })

  it('goes on with each step that its host tells', () => {
    const steps = [step('requested', 0), step('delivered', 1), step('started', 1), step('note', 1, 'It has 15 s to end by itself, then SIGTERM.'), step('sigterm', 16, 'It has 30 s'), step('sigkill', 46), step('ended', 47)]
    const names = steps.map((_, last) => stageOf(stop('started', ...steps.slice(0, last + 1)), AT).name)
    expect(names).toEqual(['waits', 'waits', 'agent', 'agent', 'sigterm', 'sigkill', 'ended'])
    expect(stageOf(stop('started', ...steps.slice(0, 4)), AT).detail).toContain('15 s')
    expect(stageOf(stop('started', ...steps.slice(0, 5)), AT)).toEqual({ name: 'sigterm', at: '2026-01-01T10:00:16Z', detail: 'It has 30 s', until: Date.parse(time(47)) })
  })

  it('knows until when its host waits, as soon as that is told, and no longer', () => {
    const told = [step('started', 1), step('note', 1, 'It has 15 s to end by itself, then SIGTERM.'), step('note', 3, 'Something else.'), step('sigterm', 16, 'It has 0.5 s to end, then SIGKILL.'), step('sigkill', 17)]
    const ends = told.map((_, last) => stageOf(stop('started', ...told.slice(0, last + 1)), AT).until)
    expect(ends).toEqual([null, Date.parse(time(17)), Date.parse(time(17)), Date.parse(time(17)) + 500, null])
  })

  it('never goes back: what is told late stays behind', () => {
    expect(stageOf(stop('started', step('sigterm', 16), step('started', 1)), AT).name).toBe('sigterm')
  })

  it('says why where the host did not do it', () => {
    expect(stageOf(stop('failed', step('refused', 2)), AT)).toMatchObject({ name: 'refused', detail: 'The host refused: not allowed' })
    expect(stageOf(stop('expired', step('expired', 59)), AT).name).toBe('refused')
  })
})
