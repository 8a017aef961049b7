// What everyone sees: a batch behind a link, a published project; read without an account, and gone when it is closed.
import { expect, test } from '@playwright/test'
import { ADMINISTRATOR, Person } from './support/administrator'
import { beSignedIn, newAccount, newToken, signUp } from './support/account'
import { baseUrl } from './support/browser'
import { ScriptedRun } from './support/reporter'

async function reported(token: string, project: string): Promise<ScriptedRun> {
  const run = new ScriptedRun(token, project)
  await run.start(2)
  for (const [index, model] of ['resnet', 'vit'].entries()) {
    await run.startJob(`${model}/1`, model, 'digits')
    for (let epoch = 1; epoch <= 3; epoch += 1) await run.epoch(`${model}/1`, epoch, { train_loss: 1 / epoch, val_loss: 1.1 / epoch })
    await run.log(`${model}/1`, 'a private line')
    await run.finishJob(`${model}/1`, { ACC: 0.8 + index / 10, MSE: 0.2 - index / 10 })
  }
  await run.send('batch_done', { n_done: 2 })
  return run
}

test('a public link is made, followed by a stranger to a job, counted, and ended', async ({ page, browser }) => {
  await signUp(page, newAccount('pia'))
  const run = await reported(await newToken(page, 'script'), 'public-link')
  await page.goto(`/batches/${run.batchId}`)
  await page.getByTestId('share-batch').click()
  await page.getByRole('tab', { name: 'Public link' }).click()
  await page.getByTestId('make-link').click()
  const link = page.getByTestId('public-link')
  const address = ((await link.locator('button.copy').getAttribute('title')) ?? '').split('\n')[0] as string
  const path = new URL(address).pathname
  expect(path).toMatch(/^\/public\/[\w-]{20}$/)

  const stranger = await (await browser.newContext()).newPage()
  await stranger.goto(`${baseUrl()}${path}`)
  await expect(stranger.getByTestId('batch-header')).toContainText(run.batchId)
  await expect(stranger.getByTestId('batch-answer')).toContainText('2 done')
  await expect(stranger.getByTestId('matrix')).toContainText('vit')
  await expect(stranger.getByTestId('citation')).toContainText(`@misc{pia-`)
  await expect(stranger.getByTestId('batch-menu'), 'there is nothing to press').toHaveCount(0)
  await stranger.getByRole('tab', { name: 'Curves' }).click()
  await expect(stranger.getByTestId('batch-curves').locator('canvas').first()).toBeVisible()
  await stranger.getByRole('tab', { name: 'Jobs' }).click()
  await stranger.getByRole('link', { name: 'vit/1' }).click()
  await expect(stranger).toHaveURL(`${baseUrl()}${path}/jobs/vit%2F1`)
  await expect(stranger.getByTestId('public-job')).toContainText('0.9')
  expect(await stranger.content()).not.toContain('a private line')

  await page.reload()
  await page.getByRole('tab', { name: 'Public link' }).click()
  await expect(link).toContainText('Seen once')
  await link.getByTestId('revoke-link').click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Revoke' }).click()
  await expect(link).toHaveCount(0)
  await stranger.goto(`${baseUrl()}${path}`)
  await expect(stranger.getByTestId('public-gone')).toBeVisible()
})

test('an administrator publishes a project and closes it; everyone reads it meanwhile, signed in or not', async ({ page, browser }) => {
  await signUp(page, newAccount('pit'))
  const project = `open/${Date.now().toString(36)}`
  const run = await reported(await newToken(page, 'script'), project)
  const root = await Person.of(ADMINISTRATOR)
  const path = `/public/projects/${encodeURIComponent(project)}`
  const stranger = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage()
  await stranger.goto(`${baseUrl()}${path}`)
  await expect(stranger.getByTestId('public-gone')).toBeVisible()

  await root.call('POST', `/api/admin/projects/${encodeURIComponent(project)}/publish`, { description: 'Which backbone is best' })
  await stranger.goto(`${baseUrl()}/public/projects`)
  await stranger.getByRole('link', { name: project }).click()
  await expect(stranger.getByTestId('public-project')).toContainText('Which backbone is best')
  await expect(stranger.getByTestId('leaderboard')).toContainText('vit')
  expect(await stranger.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await stranger.getByRole('tab', { name: 'Batches' }).click()
  await stranger.getByRole('link', { name: run.batchId }).click()
  await expect(stranger.getByTestId('batch-header')).toBeVisible()
  await expect(stranger).toHaveURL(new RegExp('/public/projects/'))

  // The page stands still until it is read anew.
  await run.send('job_start', { model: 'mlp', dataset: 'digits' }, 'mlp/1')
  await stranger.getByTestId('reload').click()
  await expect(stranger.getByTestId('batch-answer')).toBeVisible()
  await stranger.route('**/api/**', (route) => route.fulfill({ status: 503, json: { error: { code: 'service.unavailable', message: 'no', details: {}, trace_id: 'f'.repeat(32) } } }))
  await stranger.getByTestId('reload').click()
  await expect(stranger.getByTestId('error-panel'), 'what could not be read again is said').toBeVisible()
  await expect(stranger.getByTestId('batch-answer'), 'and what was read stays').toBeVisible()
  await stranger.unroute('**/api/**')

  await page.goto(path)
  await expect(page.getByTestId('public-project'), 'also for who is signed in').toBeVisible()
  await root.call('POST', `/api/admin/projects/${encodeURIComponent(project)}/unpublish`)
  await page.reload()
  await expect(page.getByTestId('public-gone')).toBeVisible()
})

test('an administrator tries out what retention would take', async ({ page }) => {
  await beSignedIn(page, ADMINISTRATOR)
  await page.goto('/admin/retention')
  const panel = page.getByTestId('retention-panel')
  await expect(panel).toContainText('Log lines')
  await panel.getByTestId('dry-run').click()
  await expect(panel.getByTestId('sweep-answer')).toContainText('Nothing was removed')
  await expect(panel.getByTestId('retention-runs')).toContainText('dry run')
})
