// A token with bounds: made on the settings page, seen once, held to its bounds by the server, and revoked.
import { expect, test } from '@playwright/test'
import { newAccount, signUp } from './support/account'
import { baseUrl } from './support/browser'

test('a token for one project and one network', async ({ page, request }) => {
  await signUp(page, newAccount('tove'))
  await page.goto('/settings/tokens')
  await expect(page.getByTestId('empty-state')).toContainText('No token yet')

  await page.getByTestId('new-token').click()
  const dialog = page.getByRole('dialog', { name: 'Create token' })
  await dialog.getByTestId('create-token').click()
  await expect(dialog.getByRole('alert')).toContainText('Give the token a name')
  await dialog.getByTestId('token-name').fill('ci runner')
  await dialog.getByText('changes nothing').click()
  await dialog.getByText('7 days').click()
  await dialog.getByLabel('Only this project (optional)').fill('vision')
  const networks = dialog.getByLabel('Only from these networks (optional)')
  await networks.pressSequentially('office,')
  await expect(dialog.getByRole('alert').last()).toContainText('“office” is neither an address nor a network')
  await dialog.getByTestId('create-token').click()
  await expect(dialog, 'what is wrong is not sent').toBeVisible()
  // For a moment after the last letter the field takes Backspace as meant for letters alone.
  await expect(async () => {
    await networks.press('Backspace')
    await expect(dialog.getByText('“office”')).toHaveCount(0, { timeout: 500 })
  }).toPass()
  await networks.pressSequentially('198.51.100.7/24,127.0.0.0/8')
  await networks.press('Enter')
  await expect(dialog.getByText('From elsewhere the token is refused')).toBeVisible()
  await dialog.getByTestId('create-token').click()

  const ready = page.getByRole('dialog', { name: 'Your token' })
  const token = (await ready.getByTestId('token-plaintext').locator('pre').innerText()).trim()
  expect(token).toMatch(/^em_view_[0-9A-Za-z]{48}$/)
  await expect(ready).toContainText(`curl -H "Authorization: Bearer ${token}" ${baseUrl()}/api/batches`)
  await ready.getByLabel('Close', { exact: true }).click()
  await page.reload()
  const row = page.getByTestId('tokens').locator('li')
  await expect(row).toHaveCount(1)
  await expect(row).toContainText('ci runner')
  await expect(row).toContainText('Expires soon')
  await expect(row.getByTestId('token-bounds')).toHaveText(/project vision\s*198\.51\.100\.0\/24\s*127\.0\.0\.0\/8/)
  await expect(page.locator('body'), 'it is shown once').not.toContainText(token)
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain(token)

  const headers = { Authorization: `Bearer ${token}` }
  expect((await request.get(`${baseUrl()}/api/batches`, { headers })).status()).toBe(200)
  const refused = await request.post(`${baseUrl()}/api/stars`, { headers, data: { target_type: 'project', target_id: 'vision' } })
  expect([refused.status(), (await refused.json()).error.code]).toEqual([403, 'auth.scope_insufficient'])

  await row.getByRole('button', { name: 'Revoke ci runner' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Cancel' }).click()
  expect((await request.get(`${baseUrl()}/api/batches`, { headers })).status()).toBe(200)
  await row.getByRole('button', { name: 'Revoke ci runner' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Revoke', exact: true }).click()
  await expect(page.getByTestId('empty-state')).toBeVisible()
  await expect.poll(async () => (await request.get(`${baseUrl()}/api/batches`, { headers })).status()).toBe(401)
})

test('the form can be filled with the keyboard alone', async ({ page }) => {
  await signUp(page, newAccount('kim'))
  await page.goto('/settings/tokens')
  await page.getByTestId('new-token').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('token-name').focus()
  await page.keyboard.type('keys')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: /^Read/ })).toBeChecked()
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('radio', { name: '1 year' })).toBeChecked()
  await page.getByTestId('create-token').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('token-plaintext')).toContainText('em_view_')
})

test('when the list cannot be read, the page says so and tries again', async ({ page }) => {
  await signUp(page, newAccount('ola'))
  await page.route('**/api/tokens*', (route) => route.fulfill({ status: 500, json: { error: { code: 'internal.error', message: '', details: null, trace_id: '' } } }))
  await page.goto('/settings/tokens')
  await expect(page.getByRole('alert')).toContainText('server had a problem')
  await page.unroute('**/api/tokens*')
  await page.getByRole('button', { name: /again/i }).click()
  await expect(page.getByTestId('empty-state')).toBeVisible()
})
