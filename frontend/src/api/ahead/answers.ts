// Answers that were asked for before the code of the page was there. The page's own question gets the one that came.

/** What an answer would be older than, by the time that the page asks. */
const LATEST_MS = 10_000

/** Over HTTP/1.1 a browser has six connections, and the page's code needs them more. */
const LANES = { shared: 6, scarce: 2 }

const held = new Map<string, Promise<Response>>()
let waiting: string[] = []
let credential = ''
let timer: ReturnType<typeof setTimeout> | undefined

function lanes(): number {
  const [page] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return page && /^h[23]/.test(page.nextHopProtocol) ? LANES.shared : LANES.scarce
}

async function work(headers: Readonly<Record<string, string>>): Promise<void> {
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    const answer = fetch(url, { headers })
    held.set(url, answer)
    // Whoever needs one that failed asks again.
    await answer.catch(() => undefined)
  }
}

/** Asks for these paths with the headers that the page will ask with. */
export function askAhead(paths: readonly string[], headers: Readonly<Record<string, string>>): void {
  credential = headers.Authorization ?? ''
  waiting = paths.map((path) => new URL(path, window.location.origin).href)
  for (let lane = 0; lane < lanes(); lane += 1) void work(headers)
  clearTimeout(timer)
  timer = setTimeout(dropAhead, LATEST_MS)
}

/** The answer to this question, once, if it was asked as the same person. */
export function takeAhead(request: Request): Promise<Response> | null {
  const answer = request.method === 'GET' && request.headers.get('Authorization') === credential ? held.get(request.url) : undefined
  held.delete(request.url)
  waiting = waiting.filter((url) => url !== request.url)
  return answer?.catch(() => fetch(request)) ?? null
}

/** Something has happened since: what was read before it is asked for anew. */
export function dropAhead(): void {
  held.clear()
  waiting = []
}
