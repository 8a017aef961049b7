// The part of a log that the page holds: blocks of lines by place, the ones that were looked at last, and the end, to
// which the stream adds. A million lines are never here at once.
import type { LogRow } from './api'

export const BLOCK = 250
const MOST_BLOCKS = 60

export class LogBlocks {
  total = 0
  private readonly blocks = new Map<number, LogRow[]>()
  // What came last by the stream or a page: the same line may come by both.
  private readonly recent = new Set<string>()

  row(n: number): LogRow | undefined {
    return this.blocks.get(Math.floor(n / BLOCK))?.[n % BLOCK]
  }

  /** The blocks that a part of the log touches and that are not here, or not complete. */
  missing(from: number, to: number): number[] {
    const found: number[] = []
    const last = Math.floor((Math.min(to, this.total) - 1) / BLOCK)
    for (let block = Math.floor(Math.max(0, from) / BLOCK); block <= last; block += 1) {
      const held = this.blocks.get(block)
      if (held) this.touch(block, held)
      if ((held?.length ?? 0) < Math.min(BLOCK, this.total - block * BLOCK)) found.push(block)
    }
    return found
  }

  /** Puts what was read; the total never shrinks by a page that was asked for before the last lines came. */
  put(rows: readonly LogRow[], total: number): void {
    this.total = Math.max(this.total, total)
    for (const row of rows) {
      const block = Math.floor(row.n / BLOCK)
      const held = this.blocks.get(block) ?? []
      const at = row.n % BLOCK
      // Without a hole: a page in the middle of a block that is not here is not kept.
      if (at > held.length) continue
      held[at] = row
      this.touch(block, held)
      this.remember(row.event_id)
    }
    this.forgetOldest()
  }

  /** A line from the stream goes to the end; false when it is there already. */
  append(line: Omit<LogRow, 'n'>): boolean {
    if (line.event_id !== null && this.recent.has(line.event_id)) return false
    this.remember(line.event_id)
    const n = this.total
    this.total += 1
    const block = Math.floor(n / BLOCK)
    const held = this.blocks.get(block) ?? (n % BLOCK === 0 ? [] : undefined)
    if (held && held.length === n % BLOCK) {
      held.push({ ...line, n })
      this.touch(block, held)
      this.forgetOldest()
    }
    return true
  }

  /** What was read may be out of date, all of it: the stream had a gap, or lines were removed. */
  reset(): void {
    this.blocks.clear()
    this.recent.clear()
    this.total = 0
  }

  private touch(block: number, rows: LogRow[]): void {
    this.blocks.delete(block)
    this.blocks.set(block, rows)
  }

  private forgetOldest(): void {
    for (const block of this.blocks.keys()) {
      if (this.blocks.size <= MOST_BLOCKS) return
      this.blocks.delete(block)
    }
  }

  private remember(eventId: string | null): void {
    if (eventId === null) return
    this.recent.add(eventId)
    if (this.recent.size > MOST_BLOCKS * BLOCK) this.recent.delete(this.recent.values().next().value as string)
  }
}
