// Which rows of a long list are in the window. Pure.

export interface Place {
  /** Of the first row, from the window's upper edge. */
  top: number
  /** Of the window. */
  height: number
  row: number
  count: number
}

// Rows before and after, so that scrolling and the keys j and k always find the next one.
const BESIDE = 10

export interface Range {
  first: number
  /** The one after the last. */
  last: number
}

export function windowOf({ top, height, row, count }: Place, beside = BESIDE): Range {
  const first = Math.max(0, Math.floor(-top / row) - beside)
  const last = Math.min(count, Math.ceil((height - top) / row) + beside)
  return { first: Math.min(first, Math.max(0, count)), last: Math.max(last, Math.min(count, first)) }
}

/** The rows to draw, and whether that is all of them. After a jump, which leads beyond what was drawn, those that are seen come first, those beside them with the next frame. */
export function drawnOf(place: Place, before: Range): Range & { isAll: boolean } {
  const seen = windowOf(place, 1)
  const isJump = before.last > before.first && (seen.first < before.first || seen.last > before.last)
  return isJump ? { ...seen, isAll: false } : { ...windowOf(place), isAll: true }
}

/**
 * Which of the elements shows which row. Rows that stay keep theirs, new ones take those that came free, in their order in
 * the page: to fill an element anew is less than to make one, or to move it.
 */
export function slotsOf({ first, last }: Range, before: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const free = [...before].filter(([place]) => place < first || place >= last).map(([, slot]) => slot)
  let unused = before.size > 0 ? Math.max(...before.values()) + 1 : 0
  const slots = new Map<number, number>()
  for (let place = first; place < last; place += 1) slots.set(place, before.get(place) ?? free.shift() ?? unused++)
  return slots
}
