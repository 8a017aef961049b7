// Sharing a batch: with a person, who then sees and may what it says; the list of all shares; the end of one.
import { expect, test } from '@playwright/test'
import { newAccount, newToken, signUp } from './support/account'
import { Person, register } from './support/administrator'
import { ScriptedRun } from './support/reporter'

test('a batch is shared with a person, changed and taken back', async ({ page }) => {
  const [olga, emil] = [newAccount('olga'), newAccount('emil')]
  expect(await register(emil)).toBe(201)
  await signUp(page, olga)
  const run = new ScriptedRun(await newToken(page, 'script'), `shares/${olga.username}`)
  await run.start(1)
  const theirs = await Person.of(emil)
  const seen = async () => theirs.call<{ can_edit: boolean }>('GET', `/api/batches/${run.batchId}`).catch((error: Error) => error.message)
  expect(await seen()).toContain('404')

  await page.goto(`/batches/${run.batchId}`)
  await page.getByTestId('share-batch').click()
  const dialog = page.getByTestId('share-dialog')
  await dialog.getByTestId('share-username').fill('nobody-of-that-name')
  await dialog.getByTestId('share-add').click()
  await expect(dialog.getByTestId('share-problem')).toContainText('There is no such user')
  await dialog.getByTestId('share-username').fill(emil.username)
  await dialog.getByTestId('share-username').press('Enter')
  const people = dialog.getByTestId('share-people')
  await expect(people).toContainText(emil.username)
  expect(await seen()).toMatchObject({ can_edit: false })
  await people.locator('.ant-select').click()
  await page.getByTitle('May also edit').last().click()
  await expect.poll(async () => ((await seen()) as { can_edit: boolean }).can_edit).toBe(true)

  await page.goto('/settings/shares')
  await expect(page.getByTestId('shares-given')).toContainText(run.batchId)
  await expect(page.getByTestId('shares-given')).toContainText(emil.username)
  await page.getByRole('button', { name: `End the share with ${emil.username}` }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByTestId('shares-panel').getByTestId('empty-state')).toContainText('Nothing is shared')
  expect(await seen()).toContain('404')
})

test('whoever may not share a batch is told so, and sees it among what was shared with them', async ({ page }) => {
  const [olga, emil] = [newAccount('olga'), newAccount('emil')]
  expect(await register(olga)).toBe(201)
  await signUp(page, emil)
  const owner = await Person.of(olga)
  const token = (await owner.call<{ token: string }>('POST', '/api/tokens', { name: 'script', scope: 'reporter' })).token
  const run = new ScriptedRun(token, 'shares-got')
  await run.start(1)
  await owner.call('POST', '/api/projects/shares', { project: 'shares-got', grantee_username: emil.username, permission: 'viewer' })

  await page.goto('/settings/shares')
  await expect(page.getByTestId('shares-received')).toContainText(`from ${olga.username}`)
  await page.goto(`/batches/${run.batchId}`)
  await expect(page.getByTestId('stop-batch'), 'a viewer stops nothing').toHaveCount(0)
  await page.getByTestId('share-batch').click()
  await expect(page.getByTestId('share-dialog')).toContainText('Not yours to share')
})
