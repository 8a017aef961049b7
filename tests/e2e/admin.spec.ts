// What administrators do in the browser, and what the people concerned see of it.
import { readFileSync } from 'node:fs'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { beSignedIn, newAccount, newToken, signIn, signUp, untilLive, type Account } from './support/account'
import { ADMINISTRATOR, Person, register } from './support/administrator'

async function newPage(browser: Browser): Promise<Page> {
  return (await browser.newContext({ locale: 'en-US' })).newPage()
}

/** Opens the menu of a person on the page of people, and confirms an action. */
async function act(page: Page, username: string, action: string, reason = ''): Promise<void> {
  await page.goto(`/admin/users?q=${encodeURIComponent(username)}`)
  await page.getByTestId(`actions-${username}`).click()
  await page.getByTestId(`action-${action}`).click()
  const dialog = page.getByRole('dialog')
  if (reason) await dialog.getByTestId('reason').fill(reason)
  await dialog.getByTestId('confirm-action').click()
  await expect(dialog.getByTestId('confirm-action')).toHaveCount(0)
}

async function somebody(name: string): Promise<Account> {
  const account = newAccount(name)
  expect(await register(account)).toBe(201)
  return account
}

test.beforeEach(async ({ page }) => {
  await beSignedIn(page, ADMINISTRATOR)
})

test('whoever is no administrator sees no entry, and a plain word at the address', async ({ browser }) => {
  const page = await newPage(browser)
  await signUp(page, newAccount('pia'))
  await page.goto('/')
  await expect(page.getByTestId('user-menu')).toBeVisible()
  await expect(page.getByTestId('nav-admin')).toHaveCount(0)
  await page.goto('/admin/config')
  await expect(page.getByTestId('admin-forbidden')).toContainText('For administrators only')
  await page.context().close()
})

test('a ban signs an open page out at once, and an unban lets the person sign in again', async ({ page, browser }) => {
  const account = await somebody('bea')
  const victim = await newPage(browser)
  await beSignedIn(victim, account)
  await victim.goto('/batches')
  await untilLive(victim)
  await act(page, account.username, 'ban', 'mined coins')
  await expect(page.getByTestId(`person-${account.username}`).getByTestId('state-banned')).toBeVisible()
  await expect(victim).toHaveURL(/\/login/)
  await act(page, account.username, 'unban')
  await expect(page.getByTestId(`person-${account.username}`).getByTestId('state-banned')).toHaveCount(0)
  await signIn(victim, account)
  await victim.context().close()
  await page.goto(`/admin/audit?action=user_ban&q=mined coins`)
  await expect(page.getByTestId('audit').locator('tbody tr')).toHaveCount(1)
})

test('a promotion opens the administration, and taking it away closes it; nobody can do it to oneself', async ({ page, browser }) => {
  const account = await somebody('ole')
  const other = await newPage(browser)
  await signIn(other, account)
  await act(page, account.username, 'promote')
  await other.reload()
  await other.getByTestId('nav-admin').click()
  await expect(other.getByTestId('people')).toBeVisible()
  await act(page, account.username, 'demote')
  await other.reload()
  await expect(other.getByTestId('admin-forbidden')).toBeVisible()
  await other.context().close()
  await page.goto(`/admin/users?q=${ADMINISTRATOR.username}`)
  await page.getByRole('button', { name: ADMINISTRATOR.username, exact: true }).click()
  const drawer = page.getByRole('dialog')
  await expect(drawer).toContainText(ADMINISTRATOR.email)
  await expect(drawer.getByRole('button', { name: 'Ban', exact: true })).toHaveCount(0)
})

test('without a mail server a reset hands a link over, once, and the link sets a password that works', async ({ page, browser }) => {
  const account = await somebody('lou')
  const root = await Person.of(ADMINISTRATOR)
  await root.call('PUT', '/api/admin/system-config/smtp/host', { value: '' })
  await act(page, account.username, 'resetPassword')
  await root.call('DELETE', '/api/admin/system-config/smtp/host')
  const link = (await page.getByTestId('handover-link').locator('pre').innerText()).trim()
  expect(link).toMatch(/\/reset-password\?token=[\w-]+$/)
  await page.getByRole('dialog').getByLabel('Close', { exact: true }).click()
  await expect(page.getByTestId('handover-link')).toHaveCount(0)

  const owner = await newPage(browser)
  const chosen = { ...account, password: 'Amber-kettle-ridge-73' }
  await owner.goto(new URL(link).pathname + new URL(link).search)
  await owner.locator('input[name=new-password]').fill(chosen.password)
  await owner.getByTestId('set-password').click()
  await expect(owner.getByTestId('reset-done')).toBeVisible()
  await signIn(owner, chosen)
  await owner.context().close()
})

test('a deleted account is gone from the list and cannot sign in', async ({ page, browser }) => {
  const account = await somebody('ada')
  await act(page, account.username, 'deletePerson', 'left the lab')
  await expect(page.getByTestId(`person-${account.username}`)).toHaveCount(0)
  const owner = await newPage(browser)
  await owner.goto('/login')
  await owner.getByTestId('field-username').fill(account.username)
  await owner.locator('input[name=password]').fill(account.password)
  await owner.getByTestId('sign-in').click()
  await expect(owner.getByRole('alert')).toBeVisible()
  await expect(owner).toHaveURL(/\/login/)
  await owner.context().close()
})

test('an invite lets in whoever has its link, and is used up then', async ({ page, browser }) => {
  const root = await Person.of(ADMINISTRATOR)
  await root.call('PUT', '/api/admin/feature-flags/registration_by_invite', { value: true })
  try {
    await page.goto('/admin/invites')
    await page.getByTestId('new-invite').click()
    await page.getByTestId('invite-note').fill('for the browser test')
    await page.getByTestId('create-invite').click()
    const link = new URL((await page.getByTestId('handover-link').locator('pre').innerText()).trim())
    const guest = await newPage(browser)
    const account = newAccount('gil')
    await guest.goto(link.pathname + link.search)
    await guest.getByTestId('field-username').fill(account.username)
    await guest.getByTestId('field-email').fill(account.email)
    await guest.locator('input[name=password]').fill(account.password)
    await guest.getByTestId('create-account').click()
    await expect(guest.getByTestId('user-menu')).toBeVisible()
    await guest.context().close()
    await page.reload()
    await expect(page.getByTestId('invites').locator('tbody tr').first()).toContainText('Used up')
    expect(await register(newAccount('max'), link.searchParams.get('invite') ?? '')).toBe(403)
  } finally {
    await root.call('PUT', '/api/admin/feature-flags/registration_by_invite', { value: false })
  }
})

test('a setting that does not fit is refused beside it; one that fits is kept, and reverted', async ({ page }) => {
  await page.goto('/admin/config')
  const sweep = page.getByTestId('setting-retention-sweep_minutes')
  const before = await sweep.getByTestId('source').innerText()
  await sweep.getByRole('spinbutton').fill('70000')
  await sweep.getByTestId('save').click()
  await expect(sweep.getByRole('alert')).toContainText('from 0 to 10080')
  await sweep.getByRole('spinbutton').fill('2525')
  await sweep.getByTestId('save').click()
  await expect(sweep.getByTestId('source')).toHaveText('Set here')
  const callback = page.getByTestId('setting-oauth-github_callback')
  await callback.getByRole('textbox').fill('mail.example.org')
  await callback.getByTestId('save').click()
  await expect(callback.getByRole('alert')).toContainText('must be an address that begins with https')
  await page.reload()
  await expect(sweep.getByRole('spinbutton')).toHaveValue('2525')
  await sweep.getByTestId('revert').click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Revert' }).click()
  // What the environment says of it, where it says anything.
  await expect(sweep.getByTestId('source')).toHaveText(before)
})

test('a stored secret is replaced, and never shown', async ({ page }) => {
  await page.goto('/admin/config')
  const secret = page.getByTestId('setting-oauth-github_client_secret')
  await secret.getByRole('button', { name: /^(Set|Replace)$/ }).click()
  await secret.locator('input').fill('a secret of the mail server')
  await secret.getByTestId('save').click()
  await expect(secret.getByTestId('source')).toHaveText('Set here')
  await page.reload()
  await expect(secret).toContainText('***')
  expect(await page.content()).not.toContain('a secret of the mail server')
  await secret.getByTestId('revert').click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Revert' }).click()
  await expect(secret.getByTestId('source')).toHaveText('Default')
})

test('a switch closes registration for everybody at once', async ({ page, browser }) => {
  await page.goto('/admin/flags')
  const toggle = page.getByTestId('flag-registration_open').getByRole('switch')
  const guest = await newPage(browser)
  try {
    await toggle.click()
    await expect(toggle).toHaveAttribute('aria-checked', 'false')
    await expect.poll(() => register(newAccount('tea'))).toBe(403)
    await guest.goto('/register')
    await expect(guest.locator('body')).toContainText('does not accept new accounts')
  } finally {
    await (await Person.of(ADMINISTRATOR)).call('PUT', '/api/admin/feature-flags/registration_open', { value: true })
    await guest.context().close()
  }
})

test('the audit log is filtered by its address, taken home as a file, and proven', async ({ page }) => {
  const account = await somebody('uwe')
  await page.goto('/admin/audit')
  await page.getByTestId('audit-username').locator('input').or(page.getByTestId('audit-username')).last().fill(account.username)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`username=${account.username}`))
  const rows = page.getByTestId('audit').locator('tbody tr')
  await expect(rows).toHaveCount(1)
  await expect(rows.first()).toContainText('Registered')
  await rows.first().getByRole('button').click()
  await expect(page.getByTestId('audit').locator('pre')).toContainText('"action": "register"')

  await page.getByTestId('export').click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-csv').click()])
  expect(download.suggestedFilename()).toMatch(/^argus-audit-.*\.csv$/)
  expect(download.url(), 'no token in an address').toMatch(/^blob:/)
  const lines = readFileSync(await download.path(), 'utf8').trim().split('\r\n')
  expect(lines).toHaveLength(2)
  expect(lines[1]).toContain(`,${account.username},register,`)

  await page.getByTestId('verify-chain').click()
  await expect(page.getByTestId('chain-whole')).toBeVisible()
  await page.getByTestId('audit-clear').click()
  await expect(page).not.toHaveURL(/username=/)
})

test('a new signing key signs nobody out, and a second one has to wait', async ({ page, browser }) => {
  const other = await newPage(browser)
  await beSignedIn(other, await somebody('eli'))
  await page.goto('/admin/security')
  const rotate = async (): Promise<void> => {
    await page.getByTestId('rotate-key').click()
    await page.getByRole('tooltip').getByRole('button', { name: 'Rotate' }).click()
  }
  await rotate()
  await expect(page.getByTestId('key-rotated')).toBeVisible()
  await rotate()
  await expect(page.getByTestId('rotate-wait')).toContainText(/in \d+ s/)
  await expect(page.getByTestId('rotate-key')).toBeDisabled()
  for (const still of [page, other]) {
    await still.goto('/batches')
    await untilLive(still)
    await still.reload()
    await expect(still.getByTestId('user-menu')).toBeVisible()
  }
  await other.context().close()
})

test('the next key of commands is announced, signs when it is asked to, and who has not heard of it is named', async ({ page, request }) => {
  const hostname = `gpu-${crypto.randomUUID().slice(0, 6)}`
  const headers = { Authorization: `Bearer ${await newToken(page, 'a silent host')}` }
  expect((await request.post('/api/agents/register', { headers, data: { hostname, version: '9.1.0', capabilities: ['stop'] } })).status()).toBe(201)
  await page.goto('/admin/keys')
  const behind = page.getByTestId('agent-behind').filter({ hasText: hostname })
  await expect(behind).toContainText('says nothing of keys')
  const signs = page.locator('[data-testid=command-key][data-state=signs]')
  const before = await signs.textContent()

  await page.getByTestId('announce-key').click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Announce the next key' }).click()
  await expect(page.getByTestId('keys-done')).toContainText('announced')
  await expect(page.locator('[data-testid=command-key][data-state=next]')).toHaveCount(1)
  await expect(page.getByTestId('announce-key')).toHaveCount(0)
  await page.getByTestId('rotate-command-key').click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Sign with it now' }).click()
  await expect(page.locator('[data-testid=command-key][data-state=next]')).toHaveCount(0)
  await expect(signs).not.toHaveText(before ?? '')
  // What ends all keys says so before it does.
  await page.getByTestId('key-stolen').click()
  const ending = page.getByRole('dialog')
  await expect(ending).toContainText('argus-agent register')
  await ending.getByRole('button', { name: 'Cancel' }).click()
  await expect(ending).toBeHidden()
})

test('the keyboard reaches what the mouse does', async ({ page }) => {
  const account = await somebody('kim')
  await page.goto(`/admin/users?q=${account.username}`)
  await page.getByTestId(`actions-${account.username}`).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('action-ban')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('action-ban')).toBeHidden()
  await page.getByRole('button', { name: account.username, exact: true }).focus()
  await page.keyboard.press('Enter')
  const drawer = page.getByRole('dialog', { name: account.username, exact: true })
  await expect(drawer).toContainText(account.email)
  await drawer.getByRole('button', { name: 'Ban', exact: true }).focus()
  await page.keyboard.press('Enter')
  const ask = page.getByRole('dialog', { name: `Ban ${account.username}?` })
  // Until the focus has moved into it, Escape belongs to the drawer below.
  await expect(ask.locator(':focus')).toHaveCount(1)
  await page.keyboard.press('Escape')
  await expect(ask).toBeHidden()
  await expect(page.getByTestId(`person-${account.username}`).getByTestId('state-banned')).toHaveCount(0)
})
