// The main story: someone registers, reports a training, and sees everything happen without a reload.
import { expect, test, type Page } from '@playwright/test'
import { mintToken, newAccount, registerInBrowser, signUp, untilLive } from './support/account'
import { cutLine } from './support/line'
import { ScriptedRun } from './support/reporter'

test.describe.configure({ mode: 'serial' })

test.describe('a training seen live', () => {
  const account = newAccount('mira')
  const project = `vision-${account.username.slice(-6)}`
  let page: Page
  let token: string
  let run: ScriptedRun

  test.beforeAll(async ({ browser }) => {
    page = await browser.newPage()
    // A reload would make every page true again: the story must not need one.
    await page.addInitScript(() => {
      ;(window as unknown as { pageIsFresh: boolean }).pageIsFresh = true
    })
  })
  test.afterAll(async () => {
    await page.close()
  })

  test('registers in the browser and sees how to begin', async () => {
    await registerInBrowser(page, account)
    await expect(page.getByTestId('first-steps')).toBeVisible()
    await expect(page.getByTestId('first-shell')).toContainText('ARGUS_URL=')
  })

  test('mints a token that is shown once', async () => {
    token = await mintToken(page, 'e2e machine')
    await expect(page.getByTestId('tokens')).toContainText('e2e machine')
    await expect(page.locator('body')).not.toContainText(token)
    run = new ScriptedRun(token, project)
  })

  test('sees a new batch appear in the list', async () => {
    await page.getByTestId('nav-batches').click()
    await expect(page.getByTestId('empty-state')).toBeVisible()
    await untilLive(page)
    await run.start(4)
    const row = page.locator(`[data-batch="${run.batchId}"]`)
    await expect(row).toBeVisible()
    await expect(row.getByTestId('status')).toHaveAttribute('data-status', 'running')
  })

  test('watches a curve move', async () => {
    await run.startJob('mlp-digits', 'mlp', 'digits')
    await run.epoch('mlp-digits', 1, { train_loss: 2, val_loss: 2.1, val_accuracy: 0.2 })
    await page.goto(`/batches/${run.batchId}/jobs/mlp-digits`)
    await untilLive(page)
    const chart = page.getByTestId('job-curves').getByTestId('chart').first()
    await expect(chart).toHaveAttribute('data-points', '2')
    await page.evaluate(() => {
      ;(window as unknown as { stillHere: boolean }).stillHere = true
    })
    for (let epoch = 2; epoch <= 6; epoch += 1) {
      await run.epoch('mlp-digits', epoch, { train_loss: 2 / epoch, val_loss: 2.1 / epoch, val_accuracy: 1 - 0.8 / epoch })
    }
    await expect(chart).toHaveAttribute('data-points', '12')
    await expect(page.getByTestId('job-epoch')).toContainText('6')
    await run.log('mlp-digits', 'a line from the script')
    await expect(page.getByTestId('log-viewer')).toContainText('a line from the script')
    expect(await page.evaluate(() => (window as unknown as { stillHere?: boolean }).stillHere)).toBe(true)
  })

  test('says when the line is lost, and catches up by itself', async () => {
    const chart = page.getByTestId('job-curves').getByTestId('chart').first()
    const dot = page.getByTestId('live-dot')
    const mend = await cutLine(page.context())
    await expect(dot).not.toHaveAttribute('data-state', 'live')
    for (let epoch = 7; epoch <= 9; epoch += 1) await run.epoch('mlp-digits', epoch, { train_loss: 2 / epoch, val_loss: 2.1 / epoch, val_accuracy: 0.9 })
    await expect(chart).toHaveAttribute('data-points', '12')
    await mend()
    await expect(dot).toHaveAttribute('data-state', 'live', { timeout: 45_000 })
    await expect(chart).toHaveAttribute('data-points', '18')
    expect(await page.evaluate(() => (window as unknown as { stillHere?: boolean }).stillHere)).toBe(true)
  })

  test('watches the matrix fill', async () => {
    await page.goto(`/batches/${run.batchId}`)
    await untilLive(page)
    await expect(page.locator('[data-job="mlp-digits"]')).toHaveAttribute('data-status', 'running')
    await run.finishJob('mlp-digits', { MSE: 0.12, ACC: 0.91 })
    await run.startJob('svm-digits', 'svm', 'digits')
    await run.epoch('svm-digits', 1, { train_loss: 1, val_loss: 1.1 })
    await run.finishJob('svm-digits', { MSE: 0.34, ACC: 0.82 })
    await expect(page.getByTestId('matrix-cell')).toHaveCount(2)
    await expect(page.locator('[data-job="mlp-digits"]')).toContainText('0.12')
    await expect(page.locator('[data-job="mlp-digits"]').getByTestId('flag-best')).toBeVisible()
    await expect(page.getByTestId('batch-header')).toContainText('2 of 4 jobs')
  })

  test('is told of a failed job while looking elsewhere', async () => {
    await page.getByTestId('nav-hosts').click()
    await untilLive(page)
    await expect(page.getByTestId('inbox-count')).toHaveCount(0)
    await run.startJob('forest-digits', 'forest', 'digits')
    await run.failJob('forest-digits', 'MemoryError: out of memory')
    await expect(page.getByTestId('inbox-count')).toHaveText('1')
    await page.getByTestId('nav-inbox').click()
    await expect(page.getByTestId('notification')).toHaveCount(1)
    await page.getByTestId('mark-all-read').click()
    await expect(page.getByTestId('inbox-count')).toHaveCount(0)
  })

  test('stops the batch from the page', async () => {
    await page.goto(`/batches/${run.batchId}`)
    await untilLive(page)
    await page.getByTestId('stop-batch').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click()
    const status = page.getByTestId('batch-header').getByTestId('status').first()
    await expect(status).toHaveAttribute('data-status', 'stopping')
    expect(await run.stopRequested()).toBe(true)
    await run.send('batch_done', { n_done: 2, n_failed: 1, total_elapsed_s: 30 })
    await expect(status).toHaveAttribute('data-status', 'stopped')
    await expect(page.getByTestId('stop-batch')).toHaveCount(0)
  })

  test('shows nothing of it to someone else', async ({ browser }) => {
    const context = await browser.newContext()
    const other = await context.newPage()
    await signUp(other, newAccount('jonas'))
    await other.goto('/batches')
    await expect(other.getByTestId('empty-state')).toBeVisible()
    await expect(other.locator(`[data-batch="${run.batchId}"]`)).toHaveCount(0)
    await other.goto(`/batches/${run.batchId}`)
    await expect(other.getByTestId('empty-state')).toBeVisible()
    await expect(other.locator('body')).not.toContainText('mlp')
    await context.close()
  })

  test('signs out and is asked to sign in again', async () => {
    await page.goto('/batches?status=failed')
    await page.getByTestId('user-menu').click()
    await page.getByTestId('sign-out').click()
    await expect(page).toHaveURL(/\/login/)
    await page.goto('/inbox')
    await expect(page).toHaveURL(/\/login\?redirect=(%2F|\/)inbox/)
    await page.getByTestId('field-username').fill(account.username)
    await page.locator('input[name=password]').fill('not the password 1')
    await page.getByTestId('sign-in').click()
    await expect(page.getByRole('alert').first()).toBeVisible()
    await page.locator('input[name=password]').fill(account.password)
    await page.getByTestId('sign-in').click()
    await expect(page).toHaveURL(/\/inbox$/)
  })
})
