// From the click to a process on a host and back to its curves: a real agent, a real script, one batch's whole life.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { TrainingHost } from './support/host'

// Python starts several times, and the machine may be busy.
test.slow()

let host: TrainingHost | null = null
// eslint-disable-next-line no-empty-pattern -- Playwright reads what a test wants from this pattern
test.afterEach(async ({}, info) => {
  const said = await host?.end()
  if (said && info.status !== info.expectedStatus) await info.attach('agent', { body: said, contentType: 'text/plain' })
  host = null
})

const status = (page: Page) => page.getByTestId('batch-header').getByTestId('status').first()
const chart = (page: Page) => page.getByTestId('batch-curves').getByTestId('chart').first()
const points = async (page: Page): Promise<number> => Number(await chart(page).getAttribute('data-points'))

test('a batch is run again, watched, paused, resumed and stopped, all from the browser', async ({ page }) => {
  await signUp(page, newAccount('hub'))
  const token = await newToken(page, 'a training host')
  host = new TrainingHost(token)
  host.train()
  host.startAgent()
  await page.goto('/agents')
  await expect(page.getByTestId('agent')).toHaveAttribute('data-state', 'online')

  await page.goto('/batches')
  await page.getByTestId('batch-row').first().locator('[data-row-link]').click()
  await expect(status(page)).toHaveAttribute('data-status', 'done')
  await page.goto(`${page.url().split('?')[0]}?rerun=1`)
  const dialog = page.getByTestId('rerun-dialog')
  await dialog.getByTestId('rerun-changes').fill('epochs=100000\nstubborn=true')
  await dialog.getByTestId('rerun-now').click()
  await expect(page).toHaveURL(/\/batches\/rerun-/)
  await expect(status(page)).toHaveAttribute('data-status', 'running')
  await page.goto(`${page.url().split('?')[0]}?tab=curves&metric=train_loss`)
  await untilLive(page)
  await expect(chart(page)).toHaveAttribute('data-points', /^[1-9]/)
  const first = await points(page)
  await expect.poll(() => points(page), 'points come without a reload').toBeGreaterThan(first)
  const before = host.pid

  await page.getByTestId('pause-batch').click()
  const paused = page.getByTestId('pause-state')
  await expect(paused).toHaveAttribute('data-paused', 'true')
  await expect(status(page)).toHaveAttribute('data-status', 'paused')
  await expect(paused).toContainText(/epoch \d+/)
  await expect.poll(() => host?.isAlive(before), 'it has saved itself and is gone').toBe(false)
  const kept = await points(page)

  await page.getByTestId('resume-batch').click()
  await expect(status(page)).toHaveAttribute('data-status', 'running')
  await expect(paused).toBeHidden()
  await expect.poll(() => points(page), 'it goes on in the same curve').toBeGreaterThan(kept)
  const after = host.pid
  expect(after).not.toBe(before)

  await page.getByTestId('tab-history').click()
  await expect(page.getByTestId('command').first()).toHaveAttribute('data-kind', 'resume')
  await page.getByTestId('stop-batch').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByTestId('command').first()).toHaveAttribute('data-kind', 'stop')
  await expect(page.getByTestId('command-steps').locator('[data-step=sigkill]'), 'it heard neither the flag nor SIGTERM').toBeVisible()
  await expect(page.getByTestId('command').first().getByTestId('command-status').first()).toHaveAttribute('data-status', 'succeeded')
  const steps = await page.getByTestId('command-steps').locator('[data-step]').evaluateAll((all) => all.map((one) => one.getAttribute('data-step')))
  const told = ['requested', 'sigterm', 'sigkill', 'ended']
  expect(steps.filter((step) => told.includes(step ?? ''))).toEqual(told)
  await expect(status(page)).not.toHaveAttribute('data-status', /^(running|stopping)$/)
  expect(host.isAlive(after)).toBe(false)
  await expect(page.getByTestId('stop-stages')).toBeHidden()

  // The link shows the same history to whoever opens it.
  await page.reload()
  await page.getByTestId('open-command').nth(1).click()
  await expect(page).toHaveURL(/command=/)
  await page.reload()
  await expect(page.getByTestId('command').nth(1).getByTestId('command-steps')).toBeVisible()
})
