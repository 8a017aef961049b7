// Which rows are chosen. A value: every change makes a new one.

export class Picked {
  constructor(
    readonly keys: ReadonlySet<string> = new Set(),
    /** The row that was chosen last: where a range begins. */
    private readonly anchor: string | null = null,
  ) {}

  /** One row turned on or off, or with `range` all from the last one to this one turned on. */
  toggle(key: string, order: readonly string[], range: boolean): Picked {
    const keys = new Set(this.keys)
    const [from, to] = [order.indexOf(this.anchor ?? ''), order.indexOf(key)]
    if (range && from >= 0 && to >= 0) {
      for (const one of order.slice(Math.min(from, to), Math.max(from, to) + 1)) keys.add(one)
    } else if (keys.has(key)) keys.delete(key)
    else keys.add(key)
    return new Picked(keys, key)
  }
}
