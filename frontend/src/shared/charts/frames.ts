// Drawing in slices: all charts of a page share what a frame has time for, so that no task holds the page up.

/** Does a little; true while there is more to do. `cost` says how much was done, in points. */
export type Work = () => { more: boolean; cost: number }

// Half a frame of 60 a second; and, as a browser may draw only after the script, about as many points as that draws.
const BUDGET_MS = 7
const BUDGET_POINTS = 8_000

const queue: Work[] = []
let asked = 0

export function enqueue(work: Work): void {
  if (!queue.includes(work)) queue.push(work)
  if (asked === 0) asked = requestAnimationFrame(run)
}

export function dequeue(work: Work): void {
  const at = queue.indexOf(work)
  if (at >= 0) queue.splice(at, 1)
}

/** All that waits, at once: before a page is printed. */
export function finish(): void {
  while (queue.length > 0) step()
}

function step(): number {
  const work = queue[0] as Work
  const { more, cost } = work()
  if (!more) dequeue(work)
  return cost
}

function run(): void {
  asked = 0
  const end = performance.now() + BUDGET_MS
  let points = 0
  while (queue.length > 0 && points < BUDGET_POINTS && performance.now() < end) points += step()
  if (queue.length > 0) asked = requestAnimationFrame(run)
}
