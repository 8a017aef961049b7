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

export function windowOf({ top, height, row, count }: Place): { first: number; last: number } {
  const first = Math.max(0, Math.floor(-top / row) - BESIDE)
  const last = Math.min(count, Math.ceil((height - top) / row) + BESIDE)
  return { first: Math.min(first, Math.max(0, count)), last: Math.max(last, Math.min(count, first)) }
}

/** How many rows are in the page at most, wherever it is scrolled to. */
export function slotsOf({ height, row }: Pick<Place, 'height' | 'row'>): number {
  return Math.ceil(height / row) + 1 + 2 * BESIDE
}
