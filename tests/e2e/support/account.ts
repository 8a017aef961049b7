// People of the tests: each spec makes its own. What is tested goes through the pages that people use; what only comes
// before it goes by the API, which a browser cannot tell from the pages and which takes none of their time.
import { expect, type BrowserContext, type Page } from '@playwright/test'
import { baseUrl } from './browser'

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

const accessTokens = new WeakMap<BrowserContext, string>()

/** Opens an account and signs the browser in to it by the API; no page is opened. */
export async function signUp(page: Page, account: Account): Promise<void> {
  const answer = await page.context().request.post(`${baseUrl()}/api/auth/register`, { data: account })
  expect(answer.status(), await answer.text()).toBe(201)
  await beSignedIn(page, account)
}

/** Signs the browser in by the API: what the pages then find is what the sign-in page leaves. */
export async function beSignedIn(page: Page, account: Pick<Account, 'username' | 'password'>): Promise<void> {
  const context = page.context()
  const answer = await context.request.post(`${baseUrl()}/api/auth/login`, {
    data: { username_or_email: account.username, password: account.password },
    headers: { 'X-Argus-Session': 'cookie' },
  })
  expect(answer.status(), await answer.text()).toBe(200)
  accessTokens.set(context, ((await answer.json()) as { access_token: string }).access_token)
  const { cookies } = await context.storageState()
  await context.setStorageState({ cookies, origins: [{ origin: baseUrl(), localStorage: [{ name: 'argus.signed_in', value: '1' }] }] })
}

/** A reporter token of whoever `signUp` or `beSignedIn` signed in. */
export async function newToken(page: Page, name: string): Promise<string> {
  const context = page.context()
  const answer = await context.request.post(`${baseUrl()}/api/tokens`, {
    data: { name, scope: 'reporter' },
    headers: { Authorization: `Bearer ${accessTokens.get(context)}` },
  })
  expect(answer.status(), await answer.text()).toBe(201)
  return ((await answer.json()) as { token: string }).token
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
