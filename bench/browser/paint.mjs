// What a person waits for in the web app, measured in a real browser; bench/paint.py starts it and feeds the server.
// Reads its options as JSON from the first argument, prints one JSON object. Times are in milliseconds.
import { createRequire } from 'node:module'
import { median, launch, observe, signIn, slowDown } from './browser.mjs'

const { url, person, token, tries, seconds, batchId, jobId } = JSON.parse(process.argv[2])
const { chromium } = createRequire(new URL('../../tests/e2e/package.json', import.meta.url))('@playwright/test')
const SLOW = 4

const batch = `/batches/${batchId}`
const PAGES = { home: '/', batches: '/batches', matrix: batch, curves: `${batch}?tab=curves`, job: `${batch}/jobs/${jobId}` }

/** Waits until the page shows its data, and stands still. */
async function shown(page) {
  await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('[data-testid=skeleton]'))
  await page.waitForTimeout(1_500)
}

/** Opens a page with an empty cache, and reads what the browser saw of its way onto the screen. */
async function paint(context, path, rate) {
  const page = await context.newPage()
  const session = await slowDown(page, rate)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  await observe(page)
  await page.goto(url + path, { waitUntil: 'load' })
  await shown(page)
  const seen = await page.evaluate(() => {
    const { largest, shifts, tasks } = window.seen
    const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0
    const scripts = performance.getEntriesByType('resource').filter(({ name }) => new URL(name).pathname.endsWith('.js'))
    const sum = (entries) => entries.reduce((total, { encodedBodySize }) => total + encodedBodySize, 0) / 1024
    return {
      first_paint_ms: first,
      lcp_ms: largest,
      cls: shifts,
      tbt_ms: tasks.filter(({ end }) => end > first).reduce((total, { took }) => total + Math.max(took - 50, 0), 0),
      js_kib_to_lcp: sum(scripts.filter(({ startTime }) => startTime < largest)),
    }
  })
  await page.close()
  return seen
}

async function paints(context, path, rate) {
  const found = []
  for (let turn = 0; turn < tries; turn += 1) found.push(await paint(context, path, rate))
  return Object.fromEntries(Object.keys(found[0]).map((key) => [key, median(found.map((one) => one[key]))]))
}

/** The longest wait between a click and the frame that shows something of it. */
async function interactions(context) {
  const page = await context.newPage()
  await slowDown(page, SLOW)
  await observe(page)
  await page.goto(url + batch)
  await shown(page)
  for (const tab of ['jobs', 'curves', 'logs', 'matrix']) {
    await page.locator(`[role=tab][aria-controls$="${tab}"], [data-node-key=${tab}] [role=tab]`).first().click()
    await page.waitForTimeout(700)
  }
  const waits = await page.evaluate(() => window.seen.interactions)
  await page.close()
  return { clicks: waits.length, worst_ms: Math.max(0, ...waits), p50_ms: median(waits) }
}

function events(step) {
  const make = (event_type, job_id, data) => ({
    event_id: crypto.randomUUID(), schema_version: '1.1', event_type, timestamp: new Date().toISOString(),
    batch_id: batchId, job_id, source: { project: 'paint' }, data,
  })
  const jobs = Array.from({ length: 32 }, (_, place) => `job-${place}`)
  return [
    ...jobs.map((job) => make('job_epoch', job, { epoch: step, train_loss: 1 / step, val_loss: 1.1 / step, val_accuracy: 1 - 1 / step })),
    ...jobs.slice(0, 8).map((job) => make('log_line', job, { level: 'info', line: `epoch ${step} of ${job}` })),
  ]
}

/** Thirty-two jobs report four times a second while a page is looked at: how long does it keep its thread busy? */
async function live(context, path, rate, from) {
  const page = await context.newPage()
  await slowDown(page, rate)
  await observe(page)
  await page.goto(url + path)
  await shown(page)
  await page.evaluate(() => (window.seen.tasks = []))
  const end = Date.now() + seconds * 1000
  let step = from
  while (Date.now() < end) {
    step += 1
    const body = JSON.stringify({ events: events(step) })
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const answer = await fetch(`${url}/api/events/batch`, { method: 'POST', headers, body })
    if (!answer.ok) throw new Error(`POST /api/events/batch: ${answer.status}`)
    await page.waitForTimeout(250)
  }
  const tasks = await page.evaluate(() => window.seen.tasks.map(({ took }) => took))
  await page.close()
  return { step, figures: { tasks_over_50_ms: tasks.length, longest_task_ms: Math.max(0, ...tasks) } }
}

/** The same browser with a page that holds one line: nothing is quicker. */
async function floor(context, rate) {
  await context.route(`${url}/nothing`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><h1>Nothing</h1>' }))
  return (await paints(context, '/nothing', rate)).lcp_ms
}

const browser = await launch(chromium)
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await signIn(context, url, person)
  const found = { floor: { lcp_ms: await floor(context, 1), lcp_slow_ms: await floor(context, SLOW) } }
  for (const [name, path] of Object.entries(PAGES)) {
    const [plain, slow] = [await paints(context, path, 1), await paints(context, path, SLOW)]
    found[name] = { ...plain, lcp_slow_ms: slow.lcp_ms, tbt_slow_ms: slow.tbt_ms }
  }
  found.clicks_slow = await interactions(context)
  let step = 1
  for (const name of ['home', 'matrix', 'curves', 'job']) {
    for (const [label, rate] of [['live', 1], ['live_slow', SLOW]]) {
      const run = await live(context, PAGES[name], rate, step)
      step = run.step
      found[name][label] = run.figures
    }
  }
  console.log(JSON.stringify(found, (_, value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value)))
} finally {
  await browser.close()
}
