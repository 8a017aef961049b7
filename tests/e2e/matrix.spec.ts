// The matrix of a batch and of a project, and the leaderboard: best and worst, seed groups, live, export, keyboard.
import { readFile } from 'node:fs/promises'
import { expect, test, type Page } from '@playwright/test'
import { ADMINISTRATOR } from './support/administrator'
import { beSignedIn, newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

test.describe.configure({ mode: 'serial' })

const SEEDS: Record<string, readonly number[]> = { cnn: [0.7, 0.74, 0.72], vit: [0.8, 0.9], mlp: [0.5] }

test.describe('results by model and dataset', () => {
  const account = newAccount('ada')
  const project = `matrix-${account.username.slice(-6)}`
  let page: Page
  let run: ScriptedRun

  const cell = (job: string) => page.locator(`[data-testid="matrix-cell"][data-job="${job}"]`)

  test.beforeAll(async ({ browser }) => {
    page = await browser.newPage()
    await signUp(page, account)
    run = new ScriptedRun(await newToken(page, 'matrix'), project)
    await run.start(7)
    for (const [model, accuracies] of Object.entries(SEEDS)) {
      for (const [seed, accuracy] of accuracies.entries()) {
        const job = `${model}-${seed}`
        await run.send('job_start', { model, dataset: 'digits', config: { lr: 0.1, seed } }, job)
        await run.finishJob(job, { val_acc: accuracy, wombats: seed })
      }
    }
  })
  test.afterAll(async () => {
    await page.close()
  })

  test('a batch shows the last job of each cell, and which is best and worst', async () => {
    await page.goto(`/batches/${run.batchId}`)
    await untilLive(page)
    await expect(page.getByTestId('matrix-cell')).toHaveCount(3)
    await expect(cell('vit-1').getByTestId('flag-best')).toBeVisible()
    await expect(cell('mlp-0').getByTestId('flag-worst')).toBeVisible()
    await expect(cell('cnn-2')).toContainText('×3')
  })

  test('a result arrives without a reload, and takes the best', async () => {
    await run.send('job_start', { model: 'rnn', dataset: 'digits', config: { lr: 0.1, seed: 0 } }, 'rnn-0')
    await expect(cell('rnn-0')).toHaveAttribute('data-status', 'running')
    await run.finishJob('rnn-0', { val_acc: 0.99, wombats: 1 })
    await expect(cell('rnn-0').getByTestId('flag-best')).toBeVisible()
    await expect(page.getByTestId('flag-best')).toHaveCount(1)
  })

  test('seed groups show mean, deviation and count; a link to them shows the same', async () => {
    await page.getByTestId('seeds').click()
    await expect(page).toHaveURL(/seeds=1/)
    await expect(cell('vit-0')).toContainText('0.850 ± 0.071')
    await expect(cell('vit-0')).toContainText('n=2')
    await page.reload()
    await expect(cell('cnn-0')).toContainText('0.720 ± 0.020')
    await cell('cnn-0').click()
    const drawer = page.getByTestId('cell-drawer')
    await expect(drawer.getByTestId('members').locator('tbody tr')).toHaveCount(3)
    await drawer.getByRole('link', { name: 'cnn-1' }).click()
    await expect(page).toHaveURL(/jobs\/cnn-1/)
    await page.goBack()
  })

  test('what is better can be said, and is marked where it is only assumed', async () => {
    await page.goto(`/batches/${run.batchId}?metrics=wombats&seeds=0`)
    const direction = page.getByTestId('direction')
    await expect(direction).toHaveAttribute('data-sure', 'false')
    await expect(cell('mlp-0').or(cell('rnn-0')).first()).toBeVisible()
    await expect(cell('mlp-0').getByTestId('flag-best')).toBeVisible()
    await direction.click()
    await expect(direction).toHaveAttribute('data-direction', 'max')
    await expect(direction).toHaveAttribute('data-sure', 'true')
    await expect(cell('cnn-2').getByTestId('flag-best')).toBeVisible()
    await expect(page).toHaveURL(/better=wombats/)
  })

  test('arrow keys walk from cell to cell', async () => {
    await page.goto(`/projects/${project}?tab=matrix&metrics=val_acc`)
    await untilLive(page)
    await expect(page.getByTestId('matrix-cell')).toHaveCount(4)
    await page.getByTestId('matrix-cell').first().focus()
    await page.keyboard.press('ArrowDown')
    await expect(page.locator('[data-place="1:0"]')).toBeFocused()
    await page.keyboard.press('ArrowUp')
    await expect(page.locator('[data-place="0:0"]')).toBeFocused()
  })

  test('leaves as LaTeX, in the clipboard and as a file', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByTestId('export').click()
    await page.getByTestId('copy-latex').click()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('\\toprule')
    const latex = await page.evaluate(() => navigator.clipboard.readText())
    expect(latex).toContain('vit & $0.850 \\pm 0.071$')
    expect(latex).toContain('rnn & $\\mathbf{0.990}$')
    await page.getByTestId('export').click()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-parquet').click()])
    expect(file.suggestedFilename()).toBe(`${project}_matrix.parquet`)
    const content = await readFile((await file.path()) ?? '')
    expect(content.subarray(0, 4).toString()).toBe('PAR1')
  })

  test('the leaderboard ranks, sorts, tells the trend and follows what happens', async () => {
    await page.goto(`/projects/${project}?tab=leaderboard&metrics=val_acc`)
    await untilLive(page)
    const rows = page.getByTestId('leaderboard-row')
    await expect(rows).toHaveCount(4)
    await expect(rows.first()).toContainText('rnn')
    await expect(rows.nth(1)).toContainText('0.850 ± 0.071')
    await expect(page.getByTestId('best-trend')).toContainText('0.99')
    await page.getByRole('button', { name: 'Model' }).click()
    await expect(rows.first()).toContainText('cnn')
    await expect(page).toHaveURL(/order=model/)
    await run.send('job_start', { model: 'gru', dataset: 'digits', config: { seed: 0 } }, 'gru-0')
    await run.finishJob('gru-0', { val_acc: 0.995 })
    await expect(rows).toHaveCount(5)
    await expect(page.getByTestId('best-trend')).toContainText('0.995')
    await page.getByTestId('leaderboard-members').first().click()
    await expect(page.getByTestId('members').locator('tbody tr')).toHaveCount(3)
  })

  test('who may not see the project sees neither board', async ({ browser }) => {
    const other = await browser.newPage()
    const stranger = newAccount('eve')
    await signUp(other, stranger)
    await other.goto(`/projects/${project}?tab=matrix`)
    await expect(other.getByTestId('empty-state')).toBeVisible()
    await expect(other.getByTestId('matrix-cell')).toHaveCount(0)
    await other.close()
  })
})

test('a matrix of sixty by sixty holds only what is in sight', async ({ browser }) => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await beSignedIn(page, ADMINISTRATOR)
  const run = new ScriptedRun(await newToken(page, `large ${Date.now()}`), `large-${Date.now()}`)
  const events = [run.event('batch_start', { n_total_jobs: 3600 })]
  for (let row = 0; row < 60; row += 1) {
    for (let col = 0; col < 60; col += 1) {
      const job = `m${row}-d${col}`
      events.push(run.event('job_start', { model: `model-${row}`, dataset: `data-${col}` }, job), run.event('job_done', { status: 'DONE', metrics: { MSE: 1 + row + col / 60 } }, job))
    }
  }
  await run.sendAll(events)
  await page.goto(`/batches/${run.batchId}`)
  const cells = page.getByTestId('matrix-cell')
  await expect(cells.first()).toBeVisible({ timeout: 30_000 })
  expect(await cells.count()).toBeLessThan(700)
  await expect(page.locator('[data-place="0:0"]')).toContainText('Best')
  await page.getByTestId('matrix-grid').evaluate((box) => box.scrollTo(box.scrollWidth, box.scrollHeight))
  await expect(page.locator('[data-place="59:59"]')).toContainText('Worst')
  expect(await cells.count()).toBeLessThan(700)
  await page.close()
})
