// The points of one job: a column of epochs and one column per metric. Points that arrive again replace, late ones
// find their place. The columns are plain arrays outside Vue's reactivity; `version` says that they changed.
import { numericValues } from './fold'

export class JobSeries {
  readonly epochs: number[] = []
  readonly columns = new Map<string, (number | null)[]>()
  version = 0

  put(data: Readonly<Record<string, unknown>>): void {
    const epoch = data.epoch
    if (typeof epoch !== 'number' || !Number.isFinite(epoch)) return
    const row = this.rowOf(epoch)
    for (const [name, value] of Object.entries(numericValues(data))) this.column(name)[row] = value
    this.version += 1
  }

  names(): string[] {
    return [...this.columns.keys()].filter((name) => this.columns.get(name)?.some((value) => value !== null))
  }

  points(name: string): [number, number | null][] {
    const column = this.columns.get(name)
    if (!column) return []
    const points: [number, number | null][] = []
    for (let row = 0; row < this.epochs.length; row += 1) points.push([this.epochs[row] as number, column[row] ?? null])
    return points
  }

  private column(name: string): (number | null)[] {
    let column = this.columns.get(name)
    if (!column) {
      column = new Array<number | null>(this.epochs.length).fill(null)
      this.columns.set(name, column)
    }
    return column
  }

  /** The row of an epoch, made where it belongs. New points come last nearly always, so the end is looked at first. */
  private rowOf(epoch: number): number {
    let row = this.epochs.length
    while (row > 0 && (this.epochs[row - 1] as number) > epoch) row -= 1
    if (this.epochs[row - 1] === epoch) return row - 1
    this.epochs.splice(row, 0, epoch)
    for (const column of this.columns.values()) column.splice(row, 0, null)
    return row
  }
}
