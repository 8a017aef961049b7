// How busy the cards were on which a batch ran, as shares of equal pieces of time. Pure.
import { parseTime } from '@/shared/i18n/format'
import type { Span } from './layout'

export interface Reading {
  timestamp: string
  gpus: readonly Readonly<Record<string, unknown>>[] | null
}

export interface Card {
  index: number
  name: string | null
  /** Mean use in percent of each piece; null where nothing was read. */
  use: (number | null)[]
}

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

/** Cards on which the batch held memory; where reporters do not say that, all cards that they read. */
export function cardsOf(readings: readonly Reading[], span: Span, pieces: number): Card[] {
  const sums = new Map<number, { name: string | null; held: boolean; total: number[]; count: number[] }>()
  for (const { timestamp, gpus } of readings) {
    const at = parseTime(timestamp)
    if (at === null || at < span.from || at > span.to) continue
    const piece = Math.min(pieces - 1, Math.floor(((at - span.from) / (span.to - span.from || 1)) * pieces))
    for (const [place, gpu] of (gpus ?? []).entries()) {
      const use = number(gpu.util_pct)
      const index = number(gpu.index) ?? place
      const card = sums.get(index) ?? { name: typeof gpu.name === 'string' ? gpu.name : null, held: false, total: Array<number>(pieces).fill(0), count: Array<number>(pieces).fill(0) }
      card.held ||= (number(gpu.proc_mem_mb) ?? 0) > 0
      if (use !== null) {
        card.total[piece] = (card.total[piece] ?? 0) + use
        card.count[piece] = (card.count[piece] ?? 0) + 1
      }
      sums.set(index, card)
    }
  }
  const known = [...sums.values()].some((card) => card.held)
  return [...sums]
    .filter(([, card]) => card.held || !known)
    .sort(([a], [b]) => a - b)
    .map(([index, { name, total, count }]) => ({ index, name, use: total.map((sum, piece) => (count[piece] ? sum / (count[piece] as number) : null)) }))
}
