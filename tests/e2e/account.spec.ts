// What a person does with the account: a new password, other sessions, links that came by mail.
import { expect, test } from '@playwright/test'
import { newAccount, registerInBrowser } from './support/account'

test('a new password ends the other sessions, and is the one that works', async ({ page, browser }) => {
  const account = newAccount('ida')
  await registerInBrowser(page, account)
  const elsewhere = await (await browser.newContext()).newPage()
  await elsewhere.goto('/login')
  await elsewhere.getByTestId('field-username').fill(account.username)
  await elsewhere.locator('input[name=password]').fill(account.password)
  await elsewhere.getByTestId('sign-in').click()
  await expect(elsewhere.getByTestId('user-menu')).toBeVisible()

  await page.goto('/settings/security')
  await expect(page.getByTestId('sessions').locator('li')).toHaveCount(2)
  await page.locator('input[name=current-password]').fill('not my password 1')
  await page.locator('input[name=new-password]').fill('another-horse-2')
  await page.getByTestId('change-password').click()
  await expect(page.getByRole('alert')).toContainText('current password is not right')
  await expect(page, 'a wrong password must not sign anybody out').toHaveURL(/settings\/security/)

  await page.locator('input[name=current-password]').fill(account.password)
  await page.getByTestId('change-password').click()
  await expect(page.getByTestId('password-changed')).toBeVisible()
  await expect(page.getByTestId('sessions').locator('li')).toHaveCount(1)

  await elsewhere.goto('/batches')
  await expect(elsewhere).toHaveURL(/\/login/)
  await elsewhere.getByTestId('field-username').fill(account.username)
  await elsewhere.locator('input[name=password]').fill('another-horse-2')
  await elsewhere.getByTestId('sign-in').click()
  await expect(elsewhere.getByTestId('user-menu')).toBeVisible()
  await elsewhere.context().close()

  await page.reload()
  await page.getByTestId('end-others').click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Sign out everywhere else' }).click()
  await expect(page.getByTestId('sessions').locator('li')).toHaveCount(1)
})

test('a forgotten password is asked for without telling who has an account', async ({ page }) => {
  await page.goto('/login')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await page.getByTestId('field-email').fill('nobody@example.org')
  await page.getByTestId('send-reset').click()
  await expect(page.getByTestId('reset-sent')).toBeVisible()
})

test('a link that is cut, invented or worn out says so', async ({ page }) => {
  await page.goto('/reset-password')
  await expect(page.getByRole('alert')).toContainText('not complete')
  await page.goto('/reset-password?token=never-was-one-of-these')
  await page.locator('input[name=new-password]').fill('another-horse-2')
  await page.getByTestId('set-password').click()
  await expect(page.getByRole('alert')).toContainText('not valid')
  await page.goto('/verify-email?token=never-was-one-of-these')
  await page.getByTestId('confirm-email').click()
  await expect(page.getByRole('alert')).toContainText('not valid')
  await page.goto('/verify-new-email?token=never-was-one-of-these')
  await expect(page.getByRole('alert')).toContainText('not valid')
})

test('where people come by invite, a code opens an account', async ({ browser }) => {
  const stranger = await (await browser.newContext()).newPage()
  // The mode belongs to the whole server, so the pages are shown it instead of setting it.
  await stranger.route('**/api/auth/registration', (route) => route.fulfill({ json: { mode: 'invite', is_first: false } }))
  await stranger.goto('/register?invite=ag_inv_from-a-mail')
  await expect(stranger.getByTestId('field-invite')).toHaveValue('ag_inv_from-a-mail')
  await stranger.route('**/api/auth/register', (route) =>
    route.fulfill({ status: 403, json: { error: { code: 'auth.invite_invalid', message: 'no', details: null, trace_id: '' }, detail: 'no' } }),
  )
  const account = newAccount('uma')
  await stranger.getByTestId('field-username').fill(account.username)
  await stranger.getByTestId('field-email').fill(account.email)
  await stranger.locator('input[name=password]').fill(account.password)
  await stranger.getByTestId('create-account').click()
  await expect(stranger.getByTestId('field-invite')).toHaveAttribute('aria-invalid', 'true')
  await stranger.context().close()
})
