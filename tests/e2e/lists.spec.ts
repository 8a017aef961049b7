// Batches and Jobs as lists: asking in the language, chips, columns, groups, saved views, actions on many, the trash, search.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

const rows = (page: Page) => page.getByTestId('jobs-row')
const bar = (page: Page) => page.getByTestId('jobs-search')

/** One batch with a sweep over two learning rates and three seeds, finished. */
async function sweep(page: Page, name: string): Promise<ScriptedRun> {
  const run = new ScriptedRun(await newToken(page, name), `lists-${name}-${Date.now().toString(36)}`)
  const events = [run.event('batch_start', { experiment_type: 'grid', n_total_jobs: 6 })]
  for (const [place, lr] of [0.1, 0.01].entries()) {
    for (const seed of [0, 1, 2]) {
      const id = `mlp-${place}-${seed}`
      events.push(run.event('job_start', { model: 'mlp', dataset: 'digits', config: { lr, seed } }, id))
      events.push(run.event('job_epoch', { epoch: 3, val_loss: lr + seed / 100 }, id))
      events.push(run.event('job_done', { status: 'DONE', elapsed_s: 12, metrics: { ACC: 0.9 - lr + seed / 100 } }, id))
    }
  }
  await run.sendAll([...events, run.event('batch_done', { n_done: 6, n_failed: 0, total_elapsed_s: 60 })])
  return run
}

async function signedIn(page: Page, name: string): Promise<ScriptedRun> {
  await signUp(page, newAccount(name))
  return sweep(page, name)
}

test('asks in the language, with completion, and shows a fault at its place', async ({ page }) => {
  const run = await signedIn(page, 'ask')
  await page.goto('/jobs')
  await expect(rows(page)).toHaveCount(6)
  await expect(page.locator('h1')).toHaveText('6 jobs')

  await bar(page).click()
  await page.keyboard.type('config.l')
  await page.getByTestId('query-option').filter({ hasText: 'config.lr' }).click()
  await page.keyboard.type('< ')
  await page.keyboard.type('0.05 and metrics.ACC > 0.895')
  await expect(rows(page)).toHaveCount(2)
  await expect(page).toHaveURL(/q=config\.lr/)
  await page.reload()
  await expect(bar(page)).toHaveValue('config.lr < 0.05 and metrics.ACC > 0.895')
  await expect(rows(page)).toHaveCount(2)

  await bar(page).fill('metrics.ACC > > 1')
  await bar(page).press('Enter')
  await expect(page.getByTestId('query-fault')).toContainText('A value is missing')
  await expect(page.getByTestId('query-mark')).toBeVisible()
  await expect(bar(page)).toHaveAttribute('aria-invalid', 'true')
  await page.getByTestId('query-fault').click()
  expect(await bar(page).evaluate((field: HTMLInputElement) => field.selectionStart)).toBe(14)

  // Words without an operator are looked for as they are.
  await bar(page).fill('mlp-1')
  await expect(rows(page)).toHaveCount(3)
  await page.getByTestId('clear-all').click()
  await expect(rows(page)).toHaveCount(6)
  await expect(page).toHaveURL(/\/jobs$/)

  await page.getByTestId('chip-project').click()
  await page.getByTestId(`option-${run.project}`).click()
  await expect(page).toHaveURL(new RegExp(`project=${run.project}`))
  await page.getByTestId('remove-project').click()
  await expect(page).toHaveURL(/\/jobs$/)
})

test('columns, their order and groups are in the address', async ({ page }) => {
  await signedIn(page, 'cols')
  await page.goto('/jobs')
  await expect(rows(page)).toHaveCount(6)
  await page.getByTestId('columns').click()
  await page.getByTestId('columns-list').locator('[data-field="metrics.ACC"]').click()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/cols=.*metrics\.ACC/)
  await page.locator('[data-sort="metrics.ACC"]').click()
  await expect(page).toHaveURL(/sort=-metrics\.ACC/)
  await expect(rows(page).first()).toContainText('mlp-1-2')
  await page.locator('[data-sort="metrics.ACC"]').click()
  await expect(rows(page).first()).toContainText('mlp-0-0')

  await page.goto('/jobs?group=seed')
  const groups = page.getByTestId('group-row')
  await expect(groups).toHaveCount(2)
  await expect(groups.first()).toContainText('±')
  await groups.first().getByRole('button').click()
  await expect(page.getByTestId('group-members').getByRole('row')).toHaveCount(3)
})

test('rows stay where they are while new ones wait behind a count', async ({ page }) => {
  const run = await signedIn(page, 'live')
  await page.goto('/jobs')
  await expect(rows(page)).toHaveCount(6)
  await untilLive(page)
  const first = await rows(page).first().getAttribute('data-job')
  await run.startJob('svm-late', 'svm', 'wine')
  await expect(page.getByTestId('new-jobs')).toContainText('1 new')
  expect(await rows(page).first().getAttribute('data-job')).toBe(first)
  await page.getByTestId('new-jobs').click()
  await expect(rows(page)).toHaveCount(7)
  await run.failJob('svm-late', 'CUDA out of memory')
  await expect(rows(page).filter({ hasText: 'CUDA out of memory' })).toHaveCount(1)
})

test('rows are selected by key and by range, deleted, and taken back at once', async ({ page }) => {
  await signedIn(page, 'bulk')
  await page.goto('/jobs?sort=id')
  await expect(rows(page)).toHaveCount(6)
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(page.getByTestId('bulk-bar')).toContainText('1 selected')
  await rows(page).nth(2).getByRole('checkbox').click({ modifiers: ['Shift'] })
  await expect(page.getByTestId('bulk-bar')).toContainText('3 selected')
  await page.keyboard.press('.')
  await page.getByTestId('bulk-delete').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(rows(page)).toHaveCount(3)
  await page.getByTestId('undo').click()
  await expect(rows(page)).toHaveCount(6)
})

test('a deleted batch waits in the trash, comes back from there, or is removed for good', async ({ page }) => {
  const run = await signedIn(page, 'trash')
  await page.goto('/batches')
  const batch = page.locator(`[data-batch="${run.batchId}"]`)
  await batch.getByRole('checkbox').click()
  await page.getByTestId('bulk-star').click()
  await page.getByTestId('bulk-delete').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(batch).toHaveCount(0)
  await page.getByTestId('user-menu').click()
  await page.getByTestId('menu-trash').click()
  const item = page.locator(`[data-item="${run.batchId}"]`)
  await expect(item).toBeVisible()
  await item.getByTestId('restore').click()
  await expect(item).toHaveCount(0)
  await page.goto('/batches')
  await expect(batch).toBeVisible()

  await batch.getByRole('checkbox').click()
  await page.getByTestId('bulk-delete').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.goto('/trash')
  await item.getByTestId('purge').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove for good' }).click()
  await expect(page.getByTestId('empty-state')).toBeVisible()
  await page.goto(`/batches/${run.batchId}`)
  await expect(page.getByTestId('empty-state')).toBeVisible()
})

test('a view is saved, shown again, renamed and deleted', async ({ page }) => {
  await signedIn(page, 'views')
  await page.goto('/jobs?q=config.lr+%3C+0.05&sort=id')
  await expect(rows(page)).toHaveCount(3)
  await page.getByTestId('views').click()
  await page.getByTestId('save-view').click()
  await page.getByTestId('view-name').fill('Small rates')
  await page.getByTestId('view-form').press('Enter')
  await expect(page.getByTestId('views')).toContainText('Small rates')

  await page.goto('/jobs')
  await expect(rows(page)).toHaveCount(6)
  await page.getByTestId('views').click()
  await page.locator('[data-view="Small rates"]').getByRole('button').first().click()
  await expect(rows(page)).toHaveCount(3)
  await expect(page).toHaveURL(/sort=id/)

  await page.getByTestId('views').click()
  await page.getByTestId('edit-view').click()
  await page.getByTestId('view-name').fill('Rates below 0.05')
  await page.getByTestId('view-form').press('Enter')
  await expect(page.getByTestId('views')).toContainText('Rates below 0.05')
  await page.getByTestId('views').click()
  await page.getByTestId('remove-view').click()
  await expect(page.getByTestId('view')).toHaveCount(0)
})

test('one search finds jobs and batches, in the palette and on its page, and nothing of others', async ({ page, browser }) => {
  const run = await signedIn(page, 'search')
  await page.goto('/')
  await expect(page.getByTestId('open-palette')).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByTestId('palette-input').fill('mlp-1')
  await expect(page.locator(`[data-command="job:${run.batchId}/mlp-1-0"]`)).toBeVisible()
  await page.locator('[data-command="everything"]').click()
  await expect(page).toHaveURL(/\/search\?q=mlp-1/)
  const items = page.getByTestId('search-item')
  await expect(items).toHaveCount(3)
  await page.getByTestId('search-input').fill(run.project)
  await expect(page.locator('[data-testid=search-item][data-kind=project]')).toHaveCount(1)
  await items.first().getByRole('link').click()
  await expect(page).toHaveURL(new RegExp(`/projects/${run.project}`))

  const context = await browser.newContext()
  const other = await context.newPage()
  await signUp(other, newAccount('eve'))
  await other.goto(`/search?q=${run.project}`)
  await expect(other.getByTestId('empty-state')).toBeVisible()
  await other.goto('/trash?kind=job')
  await expect(other.getByTestId('empty-state')).toBeVisible()
  await context.close()
})
