// How many answers the page waits for. What can wait, such as the code of charts, lets them go first.
let open = 0
const waiting = new Set<() => void>()

/** Counts a request until its answer begins. */
export async function counted<T>(answer: Promise<T>): Promise<T> {
  open += 1
  try {
    return await answer
  } finally {
    open -= 1
    if (open === 0) waiting.forEach((go) => go())
  }
}

/** Resolves when no answer is awaited, or after `patienceMs`. */
export function whenAnswered(patienceMs: number): Promise<void> {
  if (open === 0) return Promise.resolve()
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer)
      waiting.delete(go)
      resolve()
    }
    const timer = setTimeout(go, patienceMs)
    waiting.add(go)
  })
}
