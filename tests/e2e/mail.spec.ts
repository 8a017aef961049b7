// An administrator tries the mail server from the page where it is configured.
import { expect, test } from '@playwright/test'
import { signIn } from './support/account'
import { ADMINISTRATOR, Person } from './support/administrator'

test('a test mail goes out, and a private server that was typed in is refused with the reason', async ({ page }) => {
  const root = await Person.of(ADMINISTRATOR)
  await signIn(page, ADMINISTRATOR)
  await page.goto('/admin/config')
  await page.getByTestId('try-mail').click()
  await expect(page.getByTestId('mail-outcome')).toContainText('is on its way to you')

  await root.call('PUT', '/api/admin/system-config/smtp/host', { value: '10.1.2.3' })
  await page.reload()
  await page.getByTestId('try-mail').click()
  await expect(page.getByTestId('mail-outcome')).toHaveAttribute('role', 'alert')
  await expect(page.getByTestId('mail-outcome')).toContainText('not a public address')
  await root.call('DELETE', '/api/admin/system-config/smtp/host')
})
