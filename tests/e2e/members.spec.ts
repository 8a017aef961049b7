// A team from the project's page: an owner adds people and gives them roles, they see and may what the role says, leave.
import { expect, test } from '@playwright/test'
import { beSignedIn, newAccount, newToken, signUp } from './support/account'
import { Person, register } from './support/administrator'
import { baseUrl } from './support/browser'
import { ScriptedRun } from './support/reporter'

test('an owner makes a team of a project', async ({ page, browser }) => {
  const [olga, emil] = [newAccount('olga'), newAccount('emil')]
  expect(await register(emil)).toBe(201)
  await signUp(page, olga)
  const project = `team/${olga.username}`
  const run = new ScriptedRun(await newToken(page, 'script'), project)
  await run.start(1)
  await page.goto(`/projects/${encodeURIComponent(project)}?tab=members`)
  const panel = page.getByTestId('members-panel')
  await expect(panel.getByTestId('empty-state')).toContainText('No members yet')

  await panel.getByTestId('member-name').fill('nobody-of-that-name')
  await panel.getByTestId('add-member').click()
  await expect(panel.getByRole('alert')).toContainText('There is no such user')
  await panel.getByTestId('member-name').fill(emil.username)
  await panel.getByTestId('member-name').press('Enter')
  const rows = panel.getByTestId('member')
  await expect(rows).toHaveText([new RegExp(`^${olga.username}you.*Owner`), new RegExp(`^${emil.username}.*Viewer`)])
  await expect(rows.first().getByTestId('remove-member'), 'the last owner stays').toHaveCount(0)

  const theirs = await Person.of(emil)
  const batch = `/api/batches/${run.batchId}`
  expect(await theirs.call('GET', batch)).toMatchObject({ can_edit: false })
  await expect(rows.last().getByRole('combobox', { name: `Role of ${emil.username}` })).toBeVisible()
  await rows.last().getByTestId('member-role').click()
  await page.getByTitle('Editor', { exact: true }).last().click()
  await expect.poll(async () => (await theirs.call<{ can_edit: boolean }>('GET', batch)).can_edit).toBe(true)

  const other = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage()
  await beSignedIn(other, emil)
  await other.goto(`${baseUrl()}/projects/${encodeURIComponent(project)}?tab=members`)
  const small = other.getByTestId('members-panel')
  await expect(small.getByTestId('member')).toHaveCount(2)
  await expect(small.getByTestId('add-member'), 'who may not add anybody is not asked to').toHaveCount(0)
  expect(await other.evaluate(() => document.documentElement.scrollWidth), 'it fits a phone').toBeLessThanOrEqual(390)
  await small.getByRole('button', { name: 'Leave' }).click()
  await other.getByRole('tooltip').getByRole('button', { name: 'Leave' }).click()
  await expect(small).toHaveCount(0)
  await expect.poll(async () => theirs.call('GET', batch).catch((error: Error) => error.message)).toContain('404')
  await page.reload()
  await expect(rows).toHaveCount(1)
})
