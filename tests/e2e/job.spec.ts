// The page of a job: why it died, what differs from another, its files, its life, its neighbours.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

const OUT_OF_MEMORY = ['Traceback (most recent call last):', '  File "train.py", line 8, in <module>', 'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB']
const text = (content: string) => new TextEncoder().encode(content)

async function twoJobs(page: Page, name: string): Promise<ScriptedRun> {
  await signUp(page, newAccount(name))
  const run = new ScriptedRun(await newToken(page, name), `job-${name}`)
  await run.start(2)
  await run.send('env_snapshot', { git_sha: '9fceb02d0ae598e95dc970b74767f19372d61af8', git_remote: 'git@example.org:lab/vision.git', git_diff: 'diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n-lr = 1\n+lr = 2\n same\n', pip_freeze: ['numpy==2.0.1'] })
  for (const seed of [0, 1]) await run.send('job_start', { model: 'mlp', dataset: 'digits', config: { optim: { lr: 0.1, decay: seed === 0 ? 0 : 0.5 }, seed } }, `j${seed}`)
  return run
}

test('a failed job says what killed it, with a hint, and leads to the line', async ({ page }) => {
  const run = await twoJobs(page, 'crash')
  for (const line of ['epoch 1', ...OUT_OF_MEMORY]) await run.log('j0', line, 'error')
  await page.goto(`/batches/${run.batchId}/jobs/j0`)
  await untilLive(page)
  await expect(page.getByTestId('crash-card')).toHaveCount(0)
  await run.send('job_failed', { status: 'FAILED', reason: 'RuntimeError: CUDA out of memory', elapsed_s: 3, exit_code: 1 }, 'j0')
  const card = page.getByTestId('crash-card')
  await expect(card).toHaveAttribute('data-kind', 'cuda_oom')
  await expect(card).toContainText('The GPU ran out of memory')
  await expect(card).toContainText('exit code 1')
  await expect(page.getByTestId('crash-line')).toHaveText(OUT_OF_MEMORY)
  await page.getByTestId('crash-line').last().getByRole('button').click()
  await expect(page).toHaveURL(/tab=log/)
  await expect(page.locator('[data-testid=log-line].current')).toContainText('CUDA out of memory')
})

test('configuration, commit and uncommitted changes, and what differs from a neighbour', async ({ page }) => {
  const run = await twoJobs(page, 'diff')
  await page.goto(`/batches/${run.batchId}/jobs/j1?tab=config`)
  const config = page.getByTestId('job-config')
  await expect(config.getByTestId('diff-table')).toContainText('optim.decay')
  await expect(config.getByRole('link', { name: '9fceb02d0ae5' })).toHaveAttribute('href', 'https://example.org/lab/vision/commit/9fceb02d0ae598e95dc970b74767f19372d61af8')
  await expect(config.getByTestId('patch')).toContainText('lr = 2')
  await page.getByTestId('compare-with').locator('input').fill('j0')
  await page.locator('.ant-select-item-option', { hasText: 'j0' }).first().click()
  await expect(page.getByTestId('comparison-answer')).toHaveText('Different: 2 settings')
  const table = page.getByTestId('job-comparison').getByTestId('diff-table')
  await expect(table.locator('tbody tr')).toHaveCount(2)
  await expect(table).not.toContainText('optim.lr')
  await expect(page).toHaveURL(/with=/)
  await page.getByTestId('compare-all').click()
  await expect(page.getByTestId('job-comparison')).toContainText('optim.lr')
})

test('files are shown when they come, each in its way', async ({ page }) => {
  const run = await twoJobs(page, 'files')
  await page.goto(`/batches/${run.batchId}/jobs/j0?tab=files`)
  await untilLive(page)
  await expect(page.getByTestId('empty-state')).toBeVisible()
  await run.upload('predictions.csv', text('id,label\n1,"a, b"\n'), 'j0')
  await expect(page.getByTestId('artifact')).toHaveCount(1)
  await run.upload('report.html', text('<h1>Report</h1><script>document.body.textContent = "a script ran"</script>'), 'j0')
  await run.upload('checkpoints/last.pt', new Uint8Array(2_048), 'j0')
  await expect(page.getByTestId('artifact')).toHaveCount(3)
  await expect(page.getByRole('heading', { name: /Checkpoints/ })).toContainText('1 file, 2.0 KiB')

  await page.getByRole('button', { name: 'Show report.html' }).click()
  await expect(page.getByTestId('artifact-view').frameLocator('iframe').locator('h1')).toHaveText('Report')
  await expect(page.getByTestId('artifact-place')).toHaveText('1 of 2')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByTestId('artifact-view').getByRole('cell', { name: 'a, b' })).toBeVisible()
  await expect(page).toHaveURL(/file=\d+/)
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('artifact-view')).toHaveCount(0)

  await page.getByRole('button', { name: /^Tables/ }).click()
  await expect(page.getByTestId('artifact')).toHaveCount(1)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('download-all').click()])
  expect(download.suggestedFilename()).toMatch(/\.zip$/)
})

test('a life in the order of time, and the whole of a job that was resumed', async ({ page }) => {
  const run = await twoJobs(page, 'life')
  const ago = (minutes: number): Date => new Date(Date.now() - minutes * 60_000)
  await run.sendAll([
    run.event('job_start', { model: 'mlp', dataset: 'digits' }, 'old', ago(60)),
    run.event('job_epoch', { epoch: 1, val_loss: 1 }, 'old', ago(59)),
    run.event('log_line', { line: 'UserWarning: odd', level: 'warning' }, 'old', ago(50)),
    run.event('job_failed', { reason: 'KeyError: x', elapsed_s: 900 }, 'old', ago(45)),
  ])
  await run.sendAll([run.event('job_start', { model: 'mlp', dataset: 'digits' }, 'old', ago(10)), run.event('job_epoch', { epoch: 2, val_loss: 0.5 }, 'old', ago(9))])
  await page.goto(`/batches/${run.batchId}/jobs/old?tab=timeline`)
  await expect(page.getByTestId('moment').last()).toHaveAttribute('data-kind', 'started')
  await expect(page.locator('[data-testid=moment][data-kind=resumed]')).toHaveCount(1)
  await expect(page.locator('[data-testid=moment][data-kind=warning]')).toContainText('UserWarning: odd')
  await page.goto(`/batches/${run.batchId}/jobs/old`)
  await expect(page.getByTestId('job-started')).toContainText('1 hr. ago')
  await expect(page.getByTestId('job-resumed')).toContainText('2 runs')
  await expect(page.getByTestId('job-elapsed')).toContainText(/1 hr .*last run 10 min/)
})

test('keys and links lead to the jobs beside it', async ({ page }) => {
  const run = await twoJobs(page, 'beside')
  await page.goto(`/batches/${run.batchId}/jobs/j0?tab=timeline`)
  await expect(page.getByTestId('job-header').getByRole('link', { name: /Next job/ })).toBeVisible()
  await page.keyboard.press(']')
  await expect(page).toHaveURL(/jobs\/j1\?tab=timeline/)
  await expect(page.getByTestId('job-header').getByRole('link', { name: /Previous job/ })).toBeVisible()
  await page.keyboard.press('[')
  await expect(page).toHaveURL(/jobs\/j0\?tab=timeline/)
})

test('from a job its batch is paused and stopped, and the page says that it is the batch', async ({ page }) => {
  const run = await twoJobs(page, 'acts')
  await page.goto(`/batches/${run.batchId}/jobs/j0`)
  await untilLive(page)
  await page.getByTestId('job-pause').click()
  await expect(page.getByTestId('pause-state')).toHaveAttribute('data-paused', 'false')
  await page.keyboard.press('.')
  await page.getByTestId('job-menu-withdraw').click()
  await expect(page.getByTestId('pause-state')).toHaveCount(0)
  await page.getByTestId('job-stop').click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('A job cannot be stopped alone')
  await expect(dialog).toContainText('all its 2 jobs')
  await dialog.getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByTestId('stop-stages')).toHaveAttribute('data-stage', 'flag')
  await expect(page.getByTestId('job-stop')).toHaveCount(0)
})
