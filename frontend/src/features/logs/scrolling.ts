// Where a list of a million rows stands. Browsers cannot scroll an element of 20 million pixels, so beyond a bound one
// pixel of the scroll bar stands for more than one pixel of lines. Pure.

// Firefox gives up at 17.8 million pixels, Chromium at 33.5 million.
const TALLEST_PX = 8_000_000

export interface Extent {
  total: number
  rowPx: number
  viewPx: number
}

export const tallPx = ({ total, rowPx, viewPx }: Extent): number => Math.max(viewPx, Math.min(total * rowPx, TALLEST_PX))

/** How many rows fit. */
export const fits = ({ rowPx, viewPx }: Extent): number => Math.max(1, Math.floor(viewPx / rowPx))

/** The greatest position: the last row then stands at the bottom. */
export const lastPosition = (extent: Extent): number => Math.max(0, extent.total - extent.viewPx / extent.rowPx)

/** Pixels of the scroll bar for each row. */
export function pxPerRow(extent: Extent): number {
  const last = lastPosition(extent)
  return last === 0 ? extent.rowPx : (tallPx(extent) - extent.viewPx) / last
}

export const positionAt = (scrollTop: number, extent: Extent): number => Math.min(lastPosition(extent), Math.max(0, scrollTop / pxPerRow(extent)))
export const scrollTopAt = (position: number, extent: Extent): number => position * pxPerRow(extent)
export const isScaled = (extent: Extent): boolean => extent.total * extent.rowPx > TALLEST_PX

/** The position that shows a row, moving as little as needed; `centre` puts it into the middle. */
export function positionFor(row: number, position: number, extent: Extent, centre: boolean): number {
  const shown = extent.viewPx / extent.rowPx
  const wanted = centre ? row - shown / 2 + 0.5 : row < position ? row : row + 1 > position + shown ? row + 1 - shown : position
  return Math.min(lastPosition(extent), Math.max(0, wanted))
}
