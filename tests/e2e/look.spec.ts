// How the app looks to different readers: language, theme, the keyboard. That every page fits a phone is in pages.spec.ts.
import { expect, test } from '@playwright/test'
import { newAccount, signUp } from './support/account'

test('speaks Chinese when asked, and remembers', async ({ page }) => {
  await signUp(page, newAccount('lin'))
  await page.goto('/')
  await page.getByTestId('language-switch').click()
  await page.getByTestId('language-zh-CN').click()
  await expect(page.getByTestId('nav-batches')).toContainText('批次')
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await page.reload()
  await expect(page.getByTestId('nav-batches')).toContainText('批次')
})

test('turns dark when asked, and follows the system until then', async ({ page }) => {
  await signUp(page, newAccount('noor'))
  await page.goto('/')
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const html = page.locator('html')
  await expect(html).toHaveAttribute('data-theme', 'light')
  const light = await background()
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect(html).toHaveAttribute('data-theme', 'dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await expect(html).toHaveAttribute('data-theme', 'light')
  await page.getByTestId('theme-switch').click()
  await page.getByTestId('theme-dark').click()
  await expect(html).toHaveAttribute('data-theme', 'dark')
  expect(await background()).not.toBe(light)
  await page.reload()
  await expect(html).toHaveAttribute('data-theme', 'dark')
})

test('can be used with the keyboard alone', async ({ page }) => {
  await signUp(page, newAccount('kai'))
  await page.goto('/batches')
  await expect(page.locator('h1')).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('#content')).toBeFocused()
})

test('puts what the server says beside the field that it concerns', async ({ page, browser }) => {
  const account = newAccount('sam')
  await signUp(page, account)
  const context = await browser.newContext()
  const second = await context.newPage()
  await second.goto('/register')
  await second.getByTestId('field-username').fill(account.username)
  await second.getByTestId('field-email').fill(`other-${account.email}`)
  await second.locator('input[name=password]').fill(account.password)
  await second.getByTestId('create-account').click()
  await expect(second.getByTestId('field-username')).toHaveAttribute('aria-invalid', 'true')
  await second.getByTestId('field-username').fill(`${account.username.slice(0, 20)}x`)
  await second.getByTestId('field-email').fill(account.email)
  await second.getByTestId('create-account').click()
  await expect(second.getByTestId('field-email')).toHaveAttribute('aria-invalid', 'true')
  await context.close()
})

test('keeps the state of a page in its address', async ({ page }) => {
  await signUp(page, newAccount('uri'))
  await page.goto('/batches?q=nothing-like-this&status=failed')
  await expect(page.getByTestId('batch-search').locator('input').or(page.locator('input[data-testid=batch-search]')).first()).toHaveValue('nothing-like-this')
  await page.getByTestId('empty-state').getByRole('button').click()
  await expect(page).toHaveURL(/\/batches$/)
})
