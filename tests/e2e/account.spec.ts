// What a person does with the account: a new password, other sessions, links that came by mail.
import { readFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { beSignedIn, newAccount, registerInBrowser, signIn, signUp } from './support/account'
import { linkIn, mailTo } from './support/mail'

test('a new password ends the other sessions, and is the one that works', async ({ page, browser }) => {
  const account = newAccount('ida')
  await signUp(page, account)
  const elsewhere = await (await browser.newContext()).newPage()
  await beSignedIn(elsewhere, account)

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
  for (const path of ['reset-password', 'verify-email', 'verify-new-email']) {
    await page.goto(`/${path}?token=cut`)
    await expect(page.getByRole('alert')).toContainText('not complete')
  }
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

test('a password that is easy to guess is told while it is typed, and the link in the mail proves the address', async ({ page }) => {
  const account = newAccount('vera')
  await page.goto('/register')
  await page.getByTestId('field-username').fill(account.username)
  await page.getByTestId('field-email').fill(account.email)
  const password = page.locator('input[name=password]')
  await password.fill('Password123')
  await expect(page.getByRole('meter')).toHaveAttribute('aria-valuenow', '1')
  await expect(page.getByTestId('strength')).toContainText('tried first')
  await page.getByTestId('create-account').click()
  await expect(page.getByRole('alert')).toContainText('too easy to guess')

  await password.fill(account.password)
  await expect(page.getByRole('meter')).toHaveAttribute('aria-valuenow', '4')
  await page.getByTestId('show-password').focus()
  await page.keyboard.press('Enter')
  await expect(password).toHaveAttribute('type', 'text')
  await page.getByTestId('create-account').click()
  await expect(page.getByTestId('user-menu')).toBeVisible()

  await page.goto('/settings/profile')
  await expect(page.getByTestId('profile')).toContainText('not verified')
  await page.goto(linkIn(await mailTo(account.email, /confirm your email/)))
  await page.getByTestId('confirm-email').click()
  await expect(page.getByTestId('email-verified')).toBeVisible()
  await page.goto('/settings/profile')
  await expect(page.getByTestId('profile')).not.toContainText('not verified')
})

test('a forgotten password is set anew by the link in the mail', async ({ page }) => {
  const account = newAccount('wim')
  await signUp(page, account)
  await page.context().clearCookies()
  await page.goto('/forgot-password')
  await page.getByTestId('field-email').fill(account.email)
  await page.getByTestId('send-reset').click()
  await expect(page.getByTestId('reset-sent')).toBeVisible()
  await page.goto(linkIn(await mailTo(account.email, /set a new password/)))
  const fresh = { ...account, password: 'another-horse-2' }
  await page.locator('input[name=new-password]').fill(fresh.password)
  await page.getByTestId('set-password').click()
  await expect(page.getByTestId('reset-done')).toBeVisible()
  await signIn(page, fresh)
})

test('a new address counts once its link was confirmed', async ({ page }) => {
  const account = newAccount('xenia')
  const address = `new-${account.email}`
  await signUp(page, account)
  await page.goto('/settings/security')
  await page.locator('input[name=new-email]').fill(address)
  await page.locator('input[name=email-password]').fill(account.password)
  await page.getByTestId('change-email').click()
  await expect(page.getByTestId('email-requested')).toContainText(address)
  expect((await mailTo(account.email, /new email address was asked for/)).text).toContain(address)
  await page.goto(linkIn(await mailTo(address, /confirm your new email/)))
  await page.getByTestId('confirm-email').click()
  await expect(page.getByTestId('email-verified')).toBeVisible()
  await page.goto('/settings/profile')
  await expect(page.getByTestId('profile')).toContainText(address)
})

test('what one likes is kept on the server', async ({ page }) => {
  await signUp(page, newAccount('yara'))
  await page.goto('/settings/preferences')
  const demo = page.getByRole('switch', { name: 'Hide demo projects' })
  await expect(demo).toHaveAttribute('aria-checked', 'false')
  await demo.focus()
  await page.keyboard.press('Enter')
  await expect(demo).toHaveAttribute('aria-checked', 'true')
  await page.reload()
  await expect(demo).toHaveAttribute('aria-checked', 'true')
})

test('people take their data along, and leave', async ({ page }) => {
  const account = newAccount('zoe')
  await signUp(page, account)
  await page.goto('/settings/security')
  const coming = page.waitForEvent('download')
  await page.getByTestId('export-account').click()
  const download = await coming
  expect(download.suggestedFilename()).toBe(`argus-${account.username}.zip`)
  const zip = await readFile(await download.path())
  expect(zip.subarray(0, 2).toString()).toBe('PK')
  for (const name of ['README.txt', 'account/profile.jsonl', 'batches.jsonl']) expect(zip.includes(name), name).toBe(true)

  await page.getByTestId('open-delete').click()
  const sure = page.getByTestId('delete-account')
  await page.getByRole('radio', { name: 'Delete them with all their files' }).check()
  await page.locator('input[name=delete-password]').fill('not my password 1')
  await page.getByTestId('field-confirm-username').fill(account.username.toUpperCase())
  await expect(sure).toBeDisabled()
  await page.getByTestId('field-confirm-username').fill(account.username)
  await sure.click()
  await expect(page.getByRole('alert')).toContainText('current password is not right')
  await expect(page, 'a wrong password must not sign anybody out').toHaveURL(/settings\/security/)
  await page.locator('input[name=delete-password]').fill(account.password)
  await sure.click()
  await expect(page).toHaveURL(/\/login/)
  expect((await mailTo(account.email, /account was deleted/)).text).toContain('batches are deleted')

  await page.getByTestId('field-username').fill(account.username)
  await page.locator('input[name=password]').fill(account.password)
  await page.getByTestId('sign-in').click()
  await expect(page.getByRole('alert')).toContainText('not right')
  await registerInBrowser(page, account)
})

test('where addresses have to be proven, the pages say where the link is', async ({ browser }) => {
  const stranger = await (await browser.newContext()).newPage()
  // The rule belongs to the whole server, so the pages are shown its answer instead of setting it.
  const refusal = { error: { code: 'auth.email_unverified', message: 'no', details: { link_sent: true }, trace_id: '' }, detail: 'no' }
  await stranger.route('**/api/auth/login', (route) => route.fulfill({ status: 403, json: refusal }))
  const account = newAccount('anna')
  await stranger.goto('/register')
  await stranger.getByTestId('field-username').fill(account.username)
  await stranger.getByTestId('field-email').fill(account.email)
  await stranger.locator('input[name=password]').fill(account.password)
  await stranger.getByTestId('create-account').click()
  await expect(stranger.getByTestId('verification-sent')).toContainText(account.email)
  await stranger.goto('/login')
  await stranger.getByTestId('field-username').fill(account.username)
  await stranger.locator('input[name=password]').fill(account.password)
  await stranger.getByTestId('sign-in').click()
  await expect(stranger.getByRole('alert')).toContainText('confirm your e-mail first')
  await stranger.context().close()
})
