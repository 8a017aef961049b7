// Comparing: what differs, who wins, moving and removing, the way from a study's trials, live changes, what is not there.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

const CELLS = [['mlp', 'digits'], ['mlp', 'wine'], ['svm', 'digits'], ['svm', 'wine']] as const

/** A finished batch of four cells; `better` on so many of them. */
async function sweep(token: string, lr: number, better: number): Promise<ScriptedRun> {
  const run = new ScriptedRun(token, 'compare')
  const events = [run.event('batch_start', { n_total_jobs: CELLS.length })]
  CELLS.forEach(([model, dataset], at) => {
    const id = `${model}-${dataset}`
    events.push(run.event('job_start', { model, dataset, config: { optim: { lr }, depth: 4, seed: at } }, id))
    for (const epoch of [1, 2, 3]) events.push(run.event('job_epoch', { epoch, val_loss: 1 / epoch, val_acc: 0.2 * epoch }, id))
    events.push(run.event('job_done', { status: 'DONE', elapsed_s: 30 + at, metrics: { ACC: at < better ? 0.9 : 0.6, latency: 10 * at } }, id))
  })
  await run.sendAll([...events, run.event('batch_done', { n_done: CELLS.length, n_failed: 0 })])
  return run
}

const row = (page: Page, name: string) => page.locator(`[data-testid=compare-row][data-name="${name}"]`)
const keys = (page: Page) => page.getByTestId('compare-chip').evaluateAll((chips) => chips.map((chip) => chip.getAttribute('data-key')))

test('two batches: the sentence, only what differs, cells, curves and plots', async ({ page }) => {
  await signUp(page, newAccount('compare'))
  const token = await newToken(page, 'compare')
  const [weak, strong] = [await sweep(token, 0.1, 1), await sweep(token, 0.01, 4)]
  await page.goto(`/compare?batches=${weak.batchId},${strong.batchId}&metric=ACC`)
  await expect(page.getByTestId('verdict')).toContainText(`${strong.batchId} beats ${weak.batchId} on 3 of 4 cells`)
  await expect(row(page, 'optim.lr')).toHaveText(/0\.1.*0\.01/)
  await expect(row(page, 'depth')).toHaveCount(0)
  await page.getByTestId('only-differences').click()
  await expect(row(page, 'depth')).toHaveText(/4.*4/)
  await expect(page).toHaveURL(/all=1/)
  await expect(page.locator('[data-testid=diff-cell][data-better=true]')).toHaveCount(3)
  await expect(page.getByTestId('compare-curves').getByTestId('chart')).toBeVisible()
  await expect(page.getByTestId('scatter').getByTestId('plot')).toHaveAttribute('data-rows', '8')

  await page.locator('[data-testid=compare-chip]').nth(1).getByTestId('make-base').click()
  await expect(page.getByTestId('verdict')).toContainText(`${strong.batchId} beats ${weak.batchId}`)
  await expect(page.locator('[data-testid=diff-cell][data-better=false]')).toHaveCount(3)

  const download = page.waitForEvent('download')
  await page.getByTestId('compare-export').click()
  await page.getByRole('menuitem', { name: 'Save as LaTeX' }).click()
  expect((await download).suggestedFilename()).toBe('compare.tex')
})

test('an empty page teaches, the field finds, arrow keys move, chips go', async ({ page }) => {
  await signUp(page, newAccount('compare'))
  const token = await newToken(page, 'compare')
  const [one, two] = [await sweep(token, 0.1, 1), await sweep(token, 0.01, 4)]
  await page.goto('/')
  await expect(page.locator('h1, h2').first()).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await expect(page).toHaveURL(/\/compare$/)
  await expect(page.getByTestId('empty-state')).toBeVisible()

  for (const run of [one, two]) {
    await page.getByTestId('compare-add').locator('input').fill(run.batchId)
    await page.locator('.ant-select-item-option', { hasText: run.batchId }).click()
    await expect.poll(() => keys(page)).toContain(run.batchId)
  }
  await expect(page.getByTestId('compare-table')).toBeVisible()
  await page.getByTestId('compare-chip').nth(1).locator('[data-handle]').focus()
  await page.keyboard.press('ArrowLeft')
  await expect.poll(() => keys(page)).toEqual([two.batchId, one.batchId])
  await page.getByTestId('compare-chip').nth(0).getByTestId('remove-chip').click()
  await expect.poll(() => keys(page)).toEqual([one.batchId])
  await expect(page.getByTestId('empty-state')).toBeVisible()
})

test('jobs: a seed is no difference of its own, a new result arrives by itself, what is not there is named', async ({ page }) => {
  await signUp(page, newAccount('compare'))
  const token = await newToken(page, 'compare')
  const run = new ScriptedRun(token, 'compare')
  await run.send('batch_start', { n_total_jobs: 2 })
  for (const seed of [1, 2]) {
    await run.send('job_start', { model: 'mlp', dataset: 'digits', config: { lr: 0.1, seed } }, `s${seed}`)
    await run.send('job_epoch', { epoch: 1, val_loss: seed }, `s${seed}`)
  }
  await page.goto(`/compare?jobs=${run.batchId}/s1,${run.batchId}/s2`)
  await expect(row(page, 'seed')).toHaveText(/1.*2/)
  await expect(row(page, 'lr')).toHaveCount(0)
  await expect(page.getByTestId('compare-bands')).toHaveAttribute('aria-checked', 'true')
  await untilLive(page)
  await run.send('job_done', { status: 'DONE', metrics: { ACC: 0.75 } }, 's1')
  await run.send('job_done', { status: 'DONE', metrics: { ACC: 0.85 } }, 's2')
  await expect(row(page, 'ACC')).toHaveText(/0\.75.*0\.85/)

  await page.goto(`/compare?jobs=${run.batchId}/s1,${run.batchId}/nobody`)
  await expect(page.getByTestId('empty-state')).toContainText('nobody')
  await page.getByTestId('drop-missing').click()
  await expect(row(page, 'ACC')).toHaveCount(0)
  await expect(page.getByTestId('compare-table')).toBeVisible()
})

test('what others did not share is not there', async ({ page, browser }) => {
  await signUp(page, newAccount('compare'))
  const run = await sweep(await newToken(page, 'compare'), 0.1, 1)
  const other = await (await browser.newContext()).newPage()
  await signUp(other, newAccount('stranger'))
  await other.goto(`/compare?jobs=${run.batchId}/mlp-digits`)
  await expect(other.getByTestId('empty-state')).toContainText('mlp-digits')
  await expect(other.getByTestId('compare-table')).toHaveCount(0)
})
