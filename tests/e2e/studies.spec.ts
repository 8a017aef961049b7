// Studies: the list, the answer of one, which parameters matter, tables in the address, live trials.
import { expect, test } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

const NAME = 'lr/search'

/** Trials of y = 1 - x, with a parameter that does nothing, a failed and a pruned one; the last ones run. */
async function search(token: string, trials: number): Promise<ScriptedRun> {
  const run = new ScriptedRun(token, 'studies')
  const events = [run.event('batch_start', { n_total_jobs: trials + 3 })]
  for (let number = 0; number < trials; number += 1) events.push(...begun(run, number, { x: ((number * 7) % trials) / trials, idle: ((number * 5) % trials) / trials }), done(run, number, 1 - ((number * 7) % trials) / trials))
  events.push(...begun(run, trials, { x: 0.5, idle: 0.5 }), run.event('job_failed', { status: 'FAILED', reason: 'out of memory' }, `t${trials}`))
  events.push(...begun(run, trials + 1, { x: 0.9, idle: 0.1 }), run.event('job_done', { status: 'PRUNED' }, `t${trials + 1}`))
  await run.sendAll(events)
  return run
}
const begun = (run: ScriptedRun, number: number, params: Record<string, unknown>) => [
  run.event('job_start', { config: params, optuna: { study_name: NAME, trial_id: number, params, direction: 'maximize', sampler: 'RandomSampler', target_metric: 'score' } }, `t${number}`),
  ...[1, 2, 3].map((step) => run.event('job_step', { step, score: 0.1 * step }, `t${number}`)),
]
const done = (run: ScriptedRun, number: number, score: number) => run.event('job_done', { status: 'DONE', elapsed_s: number, metrics: { score } }, `t${number}`)

test('a study: its answer, its parameters, its trials, and a new best by itself', async ({ page }) => {
  await signUp(page, newAccount('studies'))
  await page.goto('/studies')
  await expect(page.getByTestId('empty-state')).toContainText('Optuna')
  const run = await search(await newToken(page, 'studies'), 24)

  await page.goto('/')
  await expect(page.locator('h1, h2').first()).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  await expect(page).toHaveURL(/\/studies$/)
  await page.locator(`[data-study="${NAME}"] [data-row-link]`).click()
  await expect(page.locator('h1')).toHaveText(`${NAME}: trial 0 is the best, score 1`)
  for (const state of ['24 done', '1 pruned', '1 failed']) await expect(page.getByTestId('state-counts')).toContainText(state)
  await expect(page.getByTestId('importance-method')).toContainText('over a random forest on 24 trials')
  await expect(page.getByTestId('importance').getByTestId('plot')).toHaveAttribute('aria-label', /^x matters most/)
  await expect(page.getByTestId('history').getByTestId('plot')).toHaveAttribute('data-rows', '24')

  await page.getByRole('tab', { name: 'Parameters' }).click()
  await expect(page.getByTestId('parallel').getByTestId('plot')).toHaveAttribute('data-rows', '24')
  await expect(page.getByTestId('slices').getByTestId('plot')).toHaveCount(2)
  await expect(page.getByTestId('contour').getByTestId('plot')).toBeVisible()
  await page.getByRole('tab', { name: 'Intermediate values' }).click()
  await expect(page.getByTestId('intermediate').getByTestId('chart')).toBeVisible()

  await page.getByRole('tab', { name: 'Overview' }).click()
  await untilLive(page)
  await run.sendAll([...begun(run, 40, { x: -1, idle: 0 }), done(run, 40, 2)])
  await expect(page.locator('h1')).toHaveText(`${NAME}: trial 40 is the best, score 2`)
})

test('trials are sorted in the address and compared', async ({ page }) => {
  await signUp(page, newAccount('studies'))
  const run = await search(await newToken(page, 'studies'), 4)
  await page.goto(`/studies/${encodeURIComponent(NAME)}`)
  await expect(page.getByTestId('importance-reason')).toContainText('4 trials are done')
  await page.getByRole('tab', { name: 'Trials', exact: true }).click()
  const rows = page.getByTestId('trials').getByTestId('trial-row')
  await expect(rows).toHaveCount(6)
  await page.getByTestId('trials').getByRole('button', { name: 'x', exact: true }).click()
  await expect(page).toHaveURL(/sort=p\.x/)
  await expect(rows.first()).toHaveAttribute('data-trial', '0')
  await page.getByTestId('trials').getByRole('button', { name: 'x', exact: true }).click()
  await expect(rows.first()).toHaveAttribute('data-trial', '5')
  await page.reload()
  await expect(rows.first()).toHaveAttribute('data-trial', '5')

  for (const number of [0, 1]) await page.locator(`[data-testid=trials] [data-trial="${number}"]`).getByRole('checkbox').check()
  await page.getByTestId('compare-trials').click()
  await expect(page).toHaveURL(new RegExp(`/compare\\?jobs=${run.batchId}`))
  await expect(page.locator('[data-testid=compare-row][data-name=idle]')).toBeVisible()
})

test('a study that one does not see is not there', async ({ page }) => {
  await signUp(page, newAccount('studies'))
  await page.goto('/studies/nothing%2Fof%2Fthe%2Fkind')
  await expect(page.getByTestId('empty-state')).toContainText('nothing/of/the/kind')
})
