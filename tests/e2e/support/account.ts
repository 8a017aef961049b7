// People of the tests: each spec makes its own, through the pages that people use.
import { expect, type Page } from '@playwright/test'

export interface Account {
  username: string
  email: string
  password: string
}

let made = 0

export function newAccount(name: string): Account {
  const suffix = `${Date.now().toString(36)}${(made++).toString(36)}`
  return { username: `${name}-${suffix}`, email: `${name}-${suffix}@example.org`, password: `Correct-horse-${suffix}-1` }
}

export async function registerInBrowser(page: Page, account: Account): Promise<void> {
  await page.goto('/register')
  await page.getByTestId('field-username').fill(account.username)
  await page.getByTestId('field-email').fill(account.email)
  await page.locator('input[name=password]').fill(account.password)
  await page.getByTestId('create-account').click()
  await expect(page.getByTestId('user-menu')).toBeVisible()
}

/** Signs in on the page; `goes` false where the sign-in page is shown already. */
export async function signIn(page: Page, account: Account, goes = true): Promise<void> {
  if (goes) await page.goto('/login')
  await page.getByTestId('field-username').fill(account.username)
  await page.locator('input[name=password]').fill(account.password)
  await page.getByTestId('sign-in').click()
  await expect(page.getByTestId('user-menu')).toBeVisible()
}

/** Makes a reporter token on the settings page and returns it as the page shows it, once. */
export async function mintToken(page: Page, name: string): Promise<string> {
  await page.goto('/settings/tokens')
  await page.getByTestId('new-token').click()
  await page.getByTestId('token-name').fill(name)
  await page.getByTestId('create-token').click()
  const token = (await page.getByTestId('token-plaintext').locator('pre').innerText()).trim()
  expect(token).toMatch(/^em_live_[0-9A-Za-z]{48}$/)
  await page.getByRole('dialog', { name: 'Your token' }).getByLabel('Close', { exact: true }).click()
  await expect(page.getByTestId('token-plaintext')).toHaveCount(0)
  return token
}

/** Waits until the page says that it is live, so that what is posted next must arrive by the stream. */
export async function untilLive(page: Page): Promise<void> {
  await expect(page.getByTestId('live-dot')).toHaveAttribute('data-state', 'live')
}
