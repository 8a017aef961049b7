// The log: long, searched, filtered, linked, followed, saved.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

const LINES = 1_200
const ESC = '\u001b'
const row = (page: Page, n: number) => page.locator(`[data-testid=log-line][data-line="${n}"]`)
const list = (page: Page) => page.getByRole('log', { name: 'Log' })

async function longLog(page: Page, name: string): Promise<ScriptedRun> {
  await signUp(page, newAccount(name))
  const run = new ScriptedRun(await newToken(page, name), `logs-${name}`)
  await run.start(1)
  await run.startJob('j', 'mlp', 'digits')
  const text = (n: number): string => (n === 40 || n === 900 ? `line ${n} with a needle` : n % 100 === 7 ? `${ESC}[31mline ${n} failed${ESC}[0m` : `line ${n}`)
  await run.sendAll(Array.from({ length: LINES }, (_, n) => run.event('log_line', { line: text(n), level: n % 100 === 7 ? 'error' : 'info', stream: n % 2 ? 'stderr' : 'stdout' }, 'j')))
  return run
}

test('a long log is read where one looks, and followed at its end', async ({ page }) => {
  const run = await longLog(page, 'long')
  await page.goto(`/batches/${run.batchId}/jobs/j?tab=log`)
  await expect(page.getByTestId('log-total')).toHaveText('1,200 lines')
  await expect(row(page, 1_199)).toContainText('line 1199')
  await expect(row(page, 0)).toHaveCount(0)

  await untilLive(page)
  await run.log('j', 'written just now')
  await expect(row(page, 1_200)).toContainText('written just now')

  await list(page).press('Home')
  await expect(row(page, 0)).toContainText('line 0')
  await expect(page.getByTestId('log-follow')).not.toBeChecked()
  await run.log('j', 'written meanwhile')
  await expect(page.getByTestId('log-unseen')).toHaveText('1 new line')
  await expect(row(page, 0)).toBeVisible()
  await page.getByTestId('log-unseen').click()
  await expect(row(page, 1_201)).toContainText('written meanwhile')
})

test('the whole log is searched, and matches lead from one to the next', async ({ page }) => {
  const run = await longLog(page, 'find')
  await page.goto(`/batches/${run.batchId}/jobs/j?tab=log`)
  await page.getByTestId('log-search').fill('NEEDLE')
  await expect(page.getByTestId('log-found')).toHaveText('2 matches')
  await page.getByTestId('log-search').press('Enter')
  await expect(page.getByTestId('log-found')).toHaveText('2 of 2')
  await expect(row(page, 900).locator('mark')).toHaveText('needle')
  await page.getByTestId('log-previous').click()
  await expect(row(page, 40).locator('mark')).toHaveText('needle')
  await page.getByTestId('log-only').click()
  await expect(page.getByTestId('log-line')).toHaveCount(2)
  await expect(page).toHaveURL(/find=NEEDLE/)
  await expect(page).toHaveURL(/only=1/)
  await page.reload()
  await expect(page.getByTestId('log-line')).toHaveCount(2)
})

test('a level filters, colours are those of a terminal, and other escapes are gone', async ({ page }) => {
  const run = await longLog(page, 'level')
  await page.goto(`/batches/${run.batchId}?tab=logs&level=error`)
  await expect(page.getByTestId('log-line')).toHaveCount(12)
  const text = row(page, 1_107).locator('.text')
  await expect(text).toHaveText('line 1107 failed')
  await expect(text.locator('span')).toHaveCSS('color', 'rgb(192, 38, 38)')
})

test('a link leads to its line, and one may go to a number or a time', async ({ page }) => {
  const run = await longLog(page, 'link')
  await page.goto(`/batches/${run.batchId}/jobs/j?tab=log`)
  await page.getByTestId('log-goto').fill('300')
  await page.getByTestId('log-goto').press('Enter')
  await expect(row(page, 299)).toContainText('line 299')
  await row(page, 299).getByRole('link', { name: 'Link to line 300' }).click()
  await expect(page).toHaveURL(/line=\d+/)
  await page.reload()
  await expect(row(page, 299)).toHaveClass(/current/)
  await expect(row(page, 299)).toBeInViewport()
  await page.getByTestId('log-goto').fill('noon')
  await page.getByTestId('log-goto').press('Enter')
  await expect(page.getByRole('alert')).toContainText('There is no such line')
})

test('the whole log is saved as it was written', async ({ page }) => {
  const run = await longLog(page, 'save')
  await page.goto(`/batches/${run.batchId}/jobs/j?tab=log`)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('log-download').click()])
  const stream = await download.createReadStream()
  let text = ''
  for await (const piece of stream) text += String(piece)
  expect(text.trimEnd().split('\n')).toHaveLength(LINES)
  expect(text).toContain('line 900 with a needle')
})
