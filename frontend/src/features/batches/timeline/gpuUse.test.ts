import { describe, expect, it } from 'vitest'
import { cardsOf } from './gpuUse'

const reading = (second: number, ...gpus: Record<string, unknown>[]) => ({ timestamp: new Date(second * 1000).toISOString(), gpus })
const SPAN = { from: 0, to: 10_000 }

describe('the use of cards', () => {
  it('is the mean in each piece, and a gap where nothing was read', () => {
    const readings = [reading(1, { index: 0, util_pct: 40 }), reading(2, { index: 0, util_pct: 60 }), reading(8, { index: 0, util_pct: 90 })]
    expect(cardsOf(readings, SPAN, 5)).toEqual([{ index: 0, name: null, use: [40, 60, null, null, 90] }])
    expect(cardsOf(readings, SPAN, 2)[0]?.use).toEqual([50, 90])
  })

  it('is told of the cards that the batch held, where that is known', () => {
    const readings = [reading(1, { index: 0, util_pct: 1, proc_mem_mb: 0 }, { index: 1, name: 'A100', util_pct: 99, proc_mem_mb: 900 })]
    expect(cardsOf(readings, SPAN, 1)).toEqual([{ index: 1, name: 'A100', use: [99] }])
    expect(cardsOf([reading(1, { util_pct: 1 }, { util_pct: 2 })], SPAN, 1).map((card) => card.index)).toEqual([0, 1])
  })

  it('ignores what lies outside, and readings without cards', () => {
    expect(cardsOf([reading(11, { util_pct: 1 }), { timestamp: 'x', gpus: null }], SPAN, 3)).toEqual([])
  })
})
