// How smoothly long things scroll: a list of 100,000 jobs, a matrix of 60 models and 60 datasets. bench/scroll.py starts it.
// Reads its options as JSON from the first argument, prints one JSON object. Times are in milliseconds.
import { createRequire } from 'node:module'
import { launch, median, signIn } from './browser.mjs'

const { url, person, batchId, rows, frames } = JSON.parse(process.argv[2])
const { chromium } = createRequire(new URL('../../tests/e2e/package.json', import.meta.url))('@playwright/test')

/** The first answer of the server to the list's question, told over and over with ids of its own, until there are so many. */
async function repeat(route) {
  const answer = await (await route.fetch()).json()
  const jobs = Array.from({ length: rows }, (_, place) => ({ ...answer.jobs[place % answer.jobs.length], id: `job-${place}` }))
  await route.fulfill({ json: { ...answer, jobs, total: rows, cursor: null } })
}

/** Scrolls by so many pixels in every frame, there and back at the ends; how far apart were the frames? */
const scroll = (page, selector, step) =>
  page.evaluate(
    async ([selector, step, frames]) => {
      const box = selector ? document.querySelector(selector) : document.scrollingElement
      const tasks = []
      const observer = new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => tasks.push(duration)))
      observer.observe({ type: 'longtask' })
      const begin = box.scrollTop
      const apart = []
      let [last, way] = [await new Promise(requestAnimationFrame), 1]
      for (let turn = 0; turn < frames; turn += 1) {
        const before = box.scrollTop
        box.scrollTop += way * step
        if (step && box.scrollTop === before) way = -way
        const now = await new Promise(requestAnimationFrame)
        apart.push(now - last)
        last = now
      }
      observer.disconnect()
      return { apart, tasks, moved: Math.abs(box.scrollTop - begin) }
    },
    [selector, step, frames],
  )

/** Milliseconds of processor time that the page's own thread has spent, whoever else keeps the machine busy. */
async function spent(session) {
  const { metrics } = await session.send('Performance.getMetrics')
  return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value
}

function figures({ apart, tasks }, busy) {
  const ordered = [...apart].sort((a, b) => a - b)
  const mean = apart.reduce((sum, one) => sum + one, 0) / apart.length
  const round = (value) => Math.round(value * 10) / 10
  return { frames_per_s: round(1000 / mean), busy_ms_a_frame: round(busy / apart.length), median_ms: round(median(apart)), p95_ms: round(ordered[Math.floor(ordered.length * 0.95)]), worst_ms: round(ordered.at(-1)), tasks_over_50_ms: tasks.length }
}

async function measure(page, path, ready, selector, steps) {
  await page.goto(url + path)
  await page.waitForFunction(ready, null, { timeout: 120_000 })
  await page.waitForTimeout(1_500)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const found = {}
  for (const [name, step] of Object.entries({ still: 0, ...steps })) {
    const before = await spent(session)
    const seen = await scroll(page, selector, step)
    if (step && !seen.moved) throw new Error(`${path} does not scroll`)
    found[name] = figures(seen, (await spent(session)) - before)
  }
  return found
}

const browser = await launch(chromium)
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await signIn(context, url, person)
  const page = await context.newPage()
  await page.route('**/api/query', repeat)
  const list = await measure(page, '/jobs', () => document.querySelector('[data-testid=jobs-row]'), null, { by_rows: 60, by_pages: 2_000 })
  const height = await page.evaluate(() => document.scrollingElement.scrollHeight)
  const shown = await page.locator('[data-testid=jobs-row]').count()
  const grid = await measure(page, `/batches/${batchId}`, () => document.querySelectorAll('[data-testid=matrix-cell]').length > 20, '[data-testid=matrix-grid]', { by_rows: 60, by_pages: 600 })
  const cells = await page.locator('[data-testid=matrix-cell]').count()
  console.log(JSON.stringify({ list: { height_px: height, rows_in_page: shown, ...list }, matrix: { cells_in_page: cells, ...grid } }))
} finally {
  await browser.close()
}
