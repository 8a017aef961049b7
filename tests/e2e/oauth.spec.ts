// Signing in with an account elsewhere: set up by the administrator, used by people, linked and unlinked.
import { expect, test, type Page } from '@playwright/test'
import { beSignedIn, newAccount, signUp } from './support/account'
import { ADMINISTRATOR } from './support/administrator'
import { baseUrl } from './support/browser'
import { IdentityProvider } from './support/identity'

const SLUG = 'uni'
let provider: IdentityProvider

test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  provider = await IdentityProvider.start(`${baseUrl()}/api/auth/oauth/oidc/${SLUG}/callback`)
})
test.afterAll(() => provider.stop())
test.afterEach(() => provider.control({ reset: true }))

const addresses = (page: Page): string[] => {
  const seen: string[] = []
  page.on('framenavigated', (frame) => seen.push(frame.url()))
  return seen
}

test('an administrator sets a provider up, tries it, and changes it', async ({ page }) => {
  await beSignedIn(page, ADMINISTRATOR)
  await page.goto('/admin/identity')
  await page.getByTestId('add-provider').click()
  await page.getByTestId('save-provider').click()
  await expect(page.getByRole('alert').filter({ hasText: 'Please fill this in.' })).toHaveCount(4)

  await page.getByTestId('provider-field-name').fill('University')
  await page.getByTestId('provider-field-slug').fill(SLUG)
  await page.getByTestId('provider-field-issuer').fill(`${provider.url}/`)
  await page.getByTestId('provider-field-client_id').fill(IdentityProvider.CLIENT.id)
  await page.locator('input[name=provider-field-client_secret]').fill(IdentityProvider.CLIENT.secret)
  await page.getByTestId('provider-field-groups_claim').fill('groups')
  await page.getByTestId('add-role').click()
  await page.getByLabel('Group 1').fill('nobody')
  await page.getByLabel('Project 1').fill('vision')
  await page.getByTestId('save-provider').click()
  const row = page.getByTestId(`provider-${SLUG}`)
  await expect(row).toContainText(`${baseUrl()}/api/auth/oauth/oidc/${SLUG}/callback`)

  // The issuer is wrong by a slash, and the test says so.
  await row.getByTestId('test').click()
  await expect(row.getByTestId('test-wrong')).toContainText('the provider calls itself')
  await row.getByTestId('edit').click()
  await expect(page.locator('input[name=provider-field-client_secret]')).toHaveValue('***')
  await expect(page.getByLabel('Project 1')).toHaveValue('vision')
  await page.getByTestId('provider-field-issuer').fill(provider.url)
  await page.getByTestId('save-provider').click()
  await expect(page.getByTestId('provider-problem')).toContainText('has to be given again')
  await page.locator('input[name=provider-field-client_secret]').fill(IdentityProvider.CLIENT.secret)
  await page.getByTestId('save-provider').click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await row.getByTestId('test').click()
  await expect(row.getByTestId('test-ok')).toBeVisible()
})

test('somebody new signs in, sets a password, and disconnects', async ({ page }) => {
  const seen = addresses(page)
  await page.goto('/login?redirect=/hosts')
  await page.getByTestId(`with-${SLUG}`).click()
  await page.getByRole('button', { name: 'Sign in as grace' }).click()
  await expect(page.getByTestId('user-menu')).toBeVisible()
  await expect(page).toHaveURL(/\/hosts$/)
  expect(seen.join(' '), 'no token travels in an address').not.toMatch(/eyJ|token=/)
  await page.reload()
  await expect(page.getByTestId('user-menu')).toBeVisible()

  await page.goto('/settings/security')
  const connection = page.getByTestId(`connection-${SLUG}`)
  await expect(connection).toContainText('grace')
  await connection.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Disconnect' }).click()
  await expect(page.getByTestId('connection-problem')).toContainText('password')
  await page.locator('input[name=first-password]').fill('Lantern-orchid-72-moss')
  await page.getByTestId('set-password').click()
  await expect(page.getByTestId('change-password')).toBeVisible()
  await connection.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Disconnect' }).click()
  await expect(connection).toContainText('not connected')
})

test('somebody with an account connects, signs in with it, and is told when it is refused', async ({ page, browser }) => {
  const account = newAccount('lin')
  await signUp(page, account)
  await page.goto('/settings/security')
  await page.getByTestId(`connection-${SLUG}`).getByRole('button', { name: 'Connect' }).click()
  await page.getByRole('button', { name: 'Sign in as lin' }).click()
  await expect(page.getByTestId('linked')).toBeVisible()
  await page.getByTestId('onwards').click()
  await expect(page.getByTestId(`connection-${SLUG}`)).toContainText('lin')

  const elsewhere = await (await browser.newContext({ baseURL: baseUrl() })).newPage()
  await elsewhere.goto('/login')
  await elsewhere.getByTestId(`with-${SLUG}`).click()
  await elsewhere.getByRole('button', { name: 'Sign in as lin' }).click()
  await expect(elsewhere.getByTestId('user-menu')).toBeVisible()
  await elsewhere.goto('/settings/profile')
  await expect(elsewhere.getByText(account.email)).toBeVisible()
  await elsewhere.context().close()

  const other = await browser.newContext({ baseURL: baseUrl() })
  const stranger = await other.newPage()
  await signUp(stranger, newAccount('stranger'))
  await stranger.goto('/settings/security')
  await stranger.getByTestId(`connection-${SLUG}`).getByRole('button', { name: 'Connect' }).click()
  await stranger.getByRole('button', { name: 'Sign in as lin' }).click()
  await expect(stranger.getByTestId('oauth-problem')).toContainText('somebody else')
  await other.close()
})

test('a sign-in that fails says why, in both languages', async ({ page, browser }) => {
  await provider.control({ person: { sub: 'new', email: 'new@uni.example', email_verified: false } })
  await page.goto('/login')
  await page.getByTestId(`with-${SLUG}`).click()
  await expect(page.getByTestId('oauth-failed')).toContainText('Signing in with University did not work.')
  await expect(page.getByTestId('oauth-failed')).toContainText('no confirmed e-mail address')

  const chinese = await (await browser.newContext({ baseURL: baseUrl(), locale: 'zh-CN' })).newPage()
  await provider.control({ faults: ['deny'] })
  await chinese.goto('/login')
  await chinese.getByTestId(`with-${SLUG}`).click()
  await expect(chinese.getByTestId('oauth-failed')).toContainText('你在登录服务处拒绝了授权')
  await chinese.context().close()
  await page.goto('/login?error=oauth_uni_failed&reason=<img src=x>')
  await expect(page.getByTestId('oauth-failed')).toContainText('Please try again.')
})

test('the administrator takes the provider away again', async ({ page }) => {
  await beSignedIn(page, ADMINISTRATOR)
  await page.goto('/admin/identity')
  await page.getByTestId(`provider-${SLUG}`).getByTestId('delete').click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByTestId(`provider-${SLUG}`)).toHaveCount(0)
  await page.context().clearCookies()
  await page.evaluate(() => localStorage.clear())
  await page.goto('/login')
  await expect(page.getByTestId('sign-in')).toBeVisible()
  await expect(page.getByTestId(`with-${SLUG}`)).toHaveCount(0)
})
