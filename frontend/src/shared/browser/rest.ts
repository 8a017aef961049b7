// The moment after a page has painted: what may come a little later, such as the drawing of charts, waits for it.
import { whenAnswered } from '@/api/traffic'

const LATEST_MS = 600

const frame = (): Promise<unknown> => new Promise((resolve) => (document.hidden ? setTimeout(resolve) : requestAnimationFrame(resolve)))
// Safari has no such callback.
const idle = (): Promise<unknown> =>
  new Promise((resolve) => (typeof requestIdleCallback === 'undefined' ? setTimeout(resolve, 100) : requestIdleCallback(resolve, { timeout: LATEST_MS })))

/** Resolves when what was just rendered is on the screen, what was asked for meanwhile as well, and the page's thread is free. */
export async function afterPaint(): Promise<void> {
  await frame()
  await whenAnswered(LATEST_MS)
  await frame()
  await frame()
  await idle()
}
