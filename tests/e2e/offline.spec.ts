// On a phone the network goes and comes: pages say so at once, and mend by themselves what failed meanwhile.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

async function ended(page: Page): Promise<ScriptedRun> {
  const run = new ScriptedRun(await newToken(page, 'script'), 'offline')
  await run.start(1)
  await run.startJob('one', 'mlp', 'digits')
  await run.finishJob('one', { ACC: 0.9 })
  await run.send('batch_done', { n_done: 1, n_failed: 0 })
  return run
}

test('is said at once, also where only the page is cut off and the stream is not', async ({ page, context }) => {
  await signUp(page, newAccount('nora'))
  await page.goto('/')
  await untilLive(page)
  const dot = page.getByTestId('live-dot')
  await context.setOffline(true)
  await expect(dot).toHaveAttribute('data-state', 'offline', { timeout: 1_000 })
  // The worker has its stream again by now.
  await page.waitForTimeout(4_000)
  await expect(dot).toHaveAttribute('data-state', 'offline')
  await context.setOffline(false)
  await expect(dot).toHaveAttribute('data-state', 'live')
})

test('what failed meanwhile is asked for once more, unasked', async ({ page, context }) => {
  await signUp(page, newAccount('nora'))
  const run = await ended(page)
  await page.goto('/jobs')
  await expect(page.getByTestId('jobs-row')).toHaveCount(1)
  await untilLive(page)
  // The code of the page is there; what it shows is not.
  await page.goto('/batches')
  await expect(page.getByTestId('batch-row')).toHaveCount(1)
  await untilLive(page)
  await context.setOffline(true)
  await page.getByTestId('nav-jobs').click()
  await expect(page.getByTestId('error-panel').first()).toBeVisible()
  await context.setOffline(false)
  await expect(page.getByTestId('jobs-row')).toHaveCount(1)
  await expect(page.getByTestId('error-panel')).toHaveCount(0)
  await expect(page.locator(`[data-batch="${run.batchId}"]`)).toBeVisible()
})

test('a page that did not arrive comes with the network', async ({ page, context }) => {
  await signUp(page, newAccount('nora'))
  await page.goto('/')
  await untilLive(page)
  await context.setOffline(true)
  await page.getByTestId('nav-hosts').click()
  await expect(page.getByTestId('missed-page')).toBeVisible()
  await context.setOffline(false)
  await expect(page).toHaveURL(/\/hosts$/)
  await expect(page.getByTestId('missed-page')).toHaveCount(0)
  await expect(page.getByTestId('empty-state').first()).toBeVisible()
})
