// Pages without a fault that axe-core calls serious or critical (WCAG 2.2 A and AA), in either theme. Those that have
// faults still are not in the list: the matrix, curves and logs of a batch, a job, a host, signing in, registering.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { mintToken, newAccount, registerInBrowser } from './support/account'
import { seedStory, type Story } from './support/story'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const THEMES = ['light', 'dark'] as const

const SIGNED_OUT = ['/forgot-password', '/reset-password?token=a-token', '/verify-email?token=a-token']

// A closed Select of Ant Design names its list before it is made, and says that it is closed only once it was open.
const OF_THE_LIBRARY = ['aria-required-attr', 'aria-valid-attr-value']

function full(story: Story): string[] {
  const batch = `/batches/${encodeURIComponent(story.batchId)}`
  const tabs = ['jobs', 'files', 'resources', 'environment'].map((tab) => `${batch}?tab=${tab}`)
  return ['/', '/batches', '/jobs', '/projects', '/hosts', '/inbox', ...tabs, `/projects/${encodeURIComponent(story.project)}`]
}

/** What axe finds on the page as it is shown, a line for each kind of fault. */
async function faultsOf(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze()
  return violations
    .map((fault) => ({ ...fault, nodes: fault.nodes.filter(({ html }) => !(OF_THE_LIBRARY.includes(fault.id) && html.includes('ant-select-selection'))) }))
    .filter(({ nodes }) => nodes.length > 0)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary?.split('\n')[1]?.trim() ?? ''}`).join(' | ')}`)
}

/** All pages are visited before it fails, so that one run tells everything. */
async function expectNoFaults(page: Page, paths: readonly string[]): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const found: string[] = []
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme })
    for (const path of paths) {
      await page.goto(path)
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
      await expect(page.locator('h1, h2').first()).toBeVisible()
      await expect(page.getByTestId('skeleton')).toHaveCount(0)
      for (const fault of await faultsOf(page)) found.push(`${theme} ${path}: ${fault}`)
    }
  }
  expect(found.join('\n')).toBe('')
}

test('pages for people without an account', async ({ page }) => {
  test.slow()
  await expectNoFaults(page, SIGNED_OUT)
})

test('pages with runs', async ({ page }) => {
  test.setTimeout(600_000)
  await registerInBrowser(page, newAccount('axe'))
  const story = await seedStory(await mintToken(page, 'axe'))
  await expectNoFaults(page, full(story))
})
