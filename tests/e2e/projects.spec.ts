// Projects: the state of the work, and what its people say of it.
import { expect, test } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

test.describe('projects', () => {
  test('an overview of what is best, what runs and why jobs failed, live', async ({ page }) => {
    await signUp(page, newAccount('petra'))
    const project = `wheat-${Date.now().toString(36)}`
    const run = new ScriptedRun(await newToken(page, 'projects'), project)
    await run.start(3)
    await run.startJob('good', 'resnet', 'fields')
    await run.finishJob('good', { ACC: 0.91 })
    await run.startJob('bad', 'vit', 'fields')
    await run.failJob('bad', "ModuleNotFoundError: No module named 'timm'")
    await page.goto(`/projects/${project}`)
    await expect(page.getByTestId('answer')).toContainText(`${project}: 1 running, best ACC 0.91`)
    await expect(page.getByTestId('top-results')).toContainText('resnet · fields')
    await expect(page.getByTestId('failure-causes')).toContainText('Missing module')
    await expect(page.getByTestId('running-here')).toContainText(run.batchId.slice(0, 12))
    await untilLive(page)
    await run.startJob('better', 'swin', 'fields')
    await run.finishJob('better', { ACC: 0.95 })
    await expect(page.getByTestId('answer')).toContainText('best ACC 0.95')
  })

  test('what is said of a project is kept, and shown to whoever sees it', async ({ page }) => {
    await signUp(page, newAccount('otto'))
    const project = `said-${Date.now().toString(36)}`
    await new ScriptedRun(await newToken(page, 'said'), project).start(1)
    await page.goto(`/projects/${project}?tab=settings`)
    await page.getByTestId('project-description').fill('Which seeds grow.')
    await page.getByTestId('project-metric').fill('yield')
    await page.getByText('Higher', { exact: true }).click()
    await page.getByTestId('save-settings').click()
    await expect(page.getByTestId('settings-saved')).toBeVisible()
    await page.goto(`/projects/${project}`)
    await expect(page.getByTestId('project-page')).toContainText('Which seeds grow.')
  })

  test('the list is searched, narrowed and turned into a table by its address', async ({ page }) => {
    await signUp(page, newAccount('lena'))
    const token = await newToken(page, 'lists')
    const tag = Date.now().toString(36)
    for (const name of [`alpha-${tag}`, `beta-${tag}`]) await new ScriptedRun(token, name).start(1)
    await page.goto('/projects')
    await expect(page.getByTestId('project-card')).toHaveCount(2)
    await page.getByTestId('project-search').fill('alpha')
    await expect(page.getByTestId('project-card')).toHaveCount(1)
    await page.goto(`/projects?look=table&q=beta`)
    const row = page.getByTestId('project-table').getByRole('row').nth(1)
    await expect(row).toContainText(`beta-${tag}`)
    await row.getByTestId('star').click()
    await page.goto('/projects?starred=1')
    await expect(page.getByTestId('project-card')).toHaveCount(1)
    await page.goto('/projects?scope=shared')
    await expect(page.getByText('No project matches.')).toBeVisible()
  })
})
