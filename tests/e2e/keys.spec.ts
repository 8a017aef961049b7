// The app by keyboard: the command palette, the shortcuts, rows of lists.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp } from './support/account'
import { ScriptedRun } from './support/reporter'

const palette = (page: Page) => page.getByTestId('palette')
const option = (page: Page, id: string) => page.locator(`[data-command="${id}"]`)

async function openPalette(page: Page): Promise<void> {
  // The app listens from the moment that its frame is there.
  await expect(page.getByTestId('open-palette')).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByTestId('palette-input')).toBeFocused()
}

async function twoBatches(page: Page, name: string): Promise<ScriptedRun[]> {
  const token = await newToken(page, name)
  const runs = [new ScriptedRun(token, `keys-${name}`), new ScriptedRun(token, `keys-${name}`)]
  for (const run of runs) {
    await run.start(1)
    await run.startJob('mlp-digits', 'mlp', 'digits')
  }
  return runs
}

test('the palette goes to a page, and gives the focus back when it is left', async ({ page }) => {
  await signUp(page, newAccount('keys'))
  await page.goto('/inbox')
  await page.getByTestId('theme-switch').focus()
  await openPalette(page)
  await page.keyboard.press('Escape')
  await expect(palette(page)).toHaveCount(0)
  await expect(page.getByTestId('theme-switch')).toBeFocused()

  await openPalette(page)
  await page.keyboard.type('host')
  const chosen = page.locator('[role=option][aria-selected=true]')
  await expect(chosen).toHaveAttribute('data-command', 'page:hosts')
  await expect(page.getByTestId('palette-input')).toHaveAttribute('aria-activedescendant', (await chosen.getAttribute('id')) ?? 'no id')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/hosts$/)
  await expect(palette(page)).toHaveCount(0)
})

test('the palette finds a batch by its text and moves through what it found', async ({ page }) => {
  await signUp(page, newAccount('keys'))
  const [first, second] = await twoBatches(page, 'find')
  await page.goto('/')
  await openPalette(page)
  await expect(option(page, `batch:${first?.batchId}`)).toBeVisible()
  await page.keyboard.type(second?.batchId ?? '')
  await expect(palette(page).getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/batches/${second?.batchId}$`))

  await openPalette(page)
  const options = palette(page).getByRole('option')
  await expect(options.first()).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowDown')
  await expect(options.nth(1)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(options.last()).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.type('no such thing anywhere')
  await expect(page.getByTestId('palette-nothing')).toBeVisible()
})

test('the palette acts: theme, language, a new token, signing out', async ({ page }) => {
  await signUp(page, newAccount('keys'))
  await page.goto('/')
  const run = async (words: string) => {
    await openPalette(page)
    await page.keyboard.type(words)
    await expect(palette(page).getByRole('option')).toHaveCount(1)
    await page.keyboard.press('Enter')
    await expect(palette(page)).toHaveCount(0)
  }
  await run('theme dark')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await run('中文')
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await run('english language')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en-US')
  await run('create token')
  await page.getByTestId('token-name').focus()
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('token-name')).toBeHidden()
  await run('sign out')
  await expect(page).toHaveURL(/\/login/)
})

test('says what could not be searched, and still goes to pages', async ({ page }) => {
  await signUp(page, newAccount('keys'))
  await page.route(/\/api\/(batches|search)/, (route) => route.fulfill({ status: 500, json: { detail: 'no', error: { code: 'internal.error', message: 'no', details: {}, trace_id: 'a' } } }))
  await page.goto('/inbox')
  await openPalette(page)
  await expect(palette(page).getByRole('alert')).toBeVisible()
  await page.keyboard.type('proj')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/projects$/)
})

test('letters go to pages, never from a field, and can be turned off', async ({ page }) => {
  await signUp(page, newAccount('keys'))
  await page.goto('/')
  await expect(page.locator('h1, h2').first()).toBeVisible()
  for (const [letter, path] of [['b', 'batches'], ['j', 'jobs'], ['p', 'projects'], ['o', 'hosts'], ['i', 'inbox']] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(letter)
    await expect(page).toHaveURL(new RegExp(`/${path}$`))
  }
  await page.goto('/batches')
  await expect(page.getByTestId('empty-state')).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('gh?')
  await expect(page).toHaveURL(/\/batches\?q=gh/)
  await expect(page.getByTestId('shortcuts')).toHaveCount(0)

  await page.goto('/hosts')
  await expect(page.locator('h1, h2').first()).toBeVisible()
  await page.keyboard.press('?')
  await expect(page.getByTestId('shortcuts')).toBeVisible()
  await page.getByTestId('letters').click()
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('shortcuts')).toHaveCount(0)
  await page.keyboard.press('g')
  await page.keyboard.press('h')
  await page.keyboard.press('?')
  await expect(page.getByTestId('shortcuts')).toHaveCount(0)
  await expect(page).toHaveURL(/\/hosts$/)
  // With a modifier it is no letter, and works still.
  await openPalette(page)
})

test('j and k move through the rows of a list, Enter opens one', async ({ page }) => {
  await signUp(page, newAccount('keys'))
  await twoBatches(page, 'rows')
  await page.goto('/batches')
  const links = page.getByTestId('batch-row').locator('[data-row-link]')
  await expect(links).toHaveCount(2)
  const focused = [links.nth(0), links.nth(1), links.nth(1), links.nth(0)]
  for (const [index, key] of ['j', 'j', 'j', 'k'].entries()) {
    await page.keyboard.press(key)
    await expect(focused[index] ?? links.first()).toBeFocused()
  }
  const target = await links.nth(0).getAttribute('href')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`${target}$`))
})

test('jobs of every batch in one list: filters in the address, live changes, a way to the job', async ({ page }) => {
  await signUp(page, newAccount('jobs'))
  const [run] = await twoBatches(page, 'jobs')
  await page.goto(`/jobs?project=${run?.project}`)
  const rows = page.getByTestId('jobs-row')
  await expect(rows).toHaveCount(2)
  await expect(page.getByTestId('live-dot')).toHaveAttribute('data-state', 'live')

  await run?.failJob('mlp-digits', 'CUDA out of memory')
  await expect(rows.filter({ hasText: 'CUDA out of memory' })).toHaveCount(1)
  await run?.startJob('svm-wine', 'svm', 'wine')
  await expect(page.getByTestId('new-jobs')).toBeVisible()
  await expect(rows).toHaveCount(2)
  await page.getByTestId('new-jobs').click()
  await expect(rows).toHaveCount(3)

  await page.keyboard.press('/')
  await page.keyboard.type('wine')
  await expect(page).toHaveURL(/q=wine/)
  await expect(rows).toHaveCount(1)
  await page.goto(`/jobs?status=failed&project=${run?.project}`)
  await expect(rows).toHaveCount(1)
  await rows.locator('[data-row-link]').click()
  await expect(page).toHaveURL(new RegExp(`/batches/${run?.batchId}/jobs/mlp-digits$`))

  await page.goto('/jobs?project=nothing-of-this-name')
  await page.getByTestId('clear-filters').click()
  await expect(page).toHaveURL(/\/jobs$/)
  await expect(rows).toHaveCount(3)
})
