// The browser that the benchmarks look through.

export function median(values) {
  const ordered = [...values].sort((a, b) => a - b)
  return ordered.length ? ordered[Math.floor(ordered.length / 2)] : 0
}

export const launch = (chromium) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })

/** Makes the page's processor this many times slower; returns the session, for more wishes. */
export async function slowDown(page, rate) {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
  return session
}

/** Notes from the start what the browser tells: the largest paint, shifts, tasks above 50 ms, waits after clicks. */
export const observe = (page) =>
  page.addInitScript(() => {
    window.seen = { largest: 0, shifts: 0, tasks: [], interactions: [] }
    const watch = (type, note, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true, ...more })
    watch('largest-contentful-paint', ({ startTime }) => (window.seen.largest = startTime))
    watch('layout-shift', ({ value, hadRecentInput }) => (window.seen.shifts += hadRecentInput ? 0 : value))
    watch('longtask', ({ startTime, duration }) => window.seen.tasks.push({ end: startTime + duration, took: duration }))
    watch('event', ({ interactionId, duration }) => interactionId && window.seen.interactions.push(duration), { durationThreshold: 16 })
  })

/** Signs in as the pages do, with the cookie that they keep. */
export async function signIn(context, url, person) {
  const page = await context.newPage()
  await page.goto(`${url}/login`)
  await page.evaluate(async ({ username, password }) => {
    const headers = { 'Content-Type': 'application/json', 'X-Argus-Session': 'cookie' }
    const body = JSON.stringify({ username_or_email: username, password })
    const answer = await fetch('/api/auth/login', { method: 'POST', headers, body })
    if (!answer.ok) throw new Error(`login: ${answer.status}`)
    localStorage.setItem('argus.signed_in', '1')
  }, person)
  await page.close()
}
