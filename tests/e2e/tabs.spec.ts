// All tabs of a browser look through one stream: each sees what its page shows, and none reads again for another.
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { cutLine } from './support/line'
import { metricOf } from './support/metrics'
import { ScriptedRun } from './support/reporter'

/** Streams that the server has open now. */
const openStreams = (): Promise<number> => metricOf('realtime', 'argus_sse_clients')

/** Counts the reads of a page's own data from now on. */
function readsOf(page: Page): string[] {
  const reads: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (request.method() === 'GET' && pathname.startsWith('/api/')) reads.push(pathname)
  })
  return reads
}

async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
    document.dispatchEvent(new Event('visibilitychange'))
  }, isHidden)
}

test.describe('tabs of one browser', () => {
  let context: BrowserContext
  let first: Page
  let second: Page
  let runs: [ScriptedRun, ScriptedRun]
  let before: number

  test.beforeEach(async ({ browser }) => {
    context = await browser.newContext()
    first = await context.newPage()
    await signUp(first, newAccount('tabs'))
    const token = await newToken(first, 'tabs')
    runs = [new ScriptedRun(token, 'tabs'), new ScriptedRun(token, 'tabs')]
    for (const run of runs) {
      await run.start(2)
      await run.startJob('one', 'mlp', 'digits')
    }
    await first.goto('/')
    await untilLive(first)
    before = await openStreams()
    second = await context.newPage()
    await first.goto(`/batches/${runs[0].batchId}`)
    await second.goto(`/batches/${runs[1].batchId}`)
    await untilLive(first)
    await untilLive(second)
  })
  test.afterEach(async () => {
    await context.close()
  })

  test('share one stream, and each shows its own page live', async () => {
    await expect.poll(() => openStreams()).toBe(before)
    const reads = readsOf(first)
    // Parts of its page may still be on their way.
    let known: number
    do {
      known = reads.length
      await first.waitForTimeout(500)
    } while (reads.length > known)
    reads.length = 0
    await second.goto('/hosts')
    await untilLive(second)
    await second.goto(`/batches/${runs[1].batchId}`)
    await untilLive(second)
    expect(reads).toEqual([])
    await runs[0].finishJob('one', { MSE: 0.25 })
    await runs[1].finishJob('one', { MSE: 0.75 })
    await expect(first.locator('[data-job="one"]')).toContainText('0.25')
    await expect(second.locator('[data-job="one"]')).toContainText('0.75')
    expect(await openStreams()).toBe(before)
  })

  test('go on when the one that was opened first is closed', async () => {
    await first.close()
    await runs[1].finishJob('one', { MSE: 0.5 })
    await expect(second.locator('[data-job="one"]')).toContainText('0.5')
  })

  test('end the stream when none is looked at, and miss nothing', async () => {
    test.slow()
    await hide(first, true)
    await hide(second, true)
    await expect.poll(() => openStreams(), { timeout: 40_000 }).toBe(before - 1)
    await runs[0].finishJob('one', { MSE: 0.125 })
    const reads = readsOf(first)
    await hide(first, false)
    await expect(first.locator('[data-job="one"]')).toContainText('0.125')
    await untilLive(first)
    expect(reads).toEqual([])
  })

  test('all say that the line is lost, and all catch up', async () => {
    const mend = await cutLine(context)
    for (const page of [first, second]) await expect(page.getByTestId('live-dot')).not.toHaveAttribute('data-state', 'live')
    await runs[0].finishJob('one', { MSE: 0.25 })
    await runs[1].finishJob('one', { MSE: 0.75 })
    await mend()
    await expect(first.locator('[data-job="one"]')).toContainText('0.25', { timeout: 45_000 })
    await expect(second.locator('[data-job="one"]')).toContainText('0.75', { timeout: 45_000 })
  })
})
