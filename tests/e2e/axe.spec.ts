// Pages without a fault that axe-core calls serious or critical (WCAG 2.2 A and AA), in either theme.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { tellDemo, type Demo } from './support/demo'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const THEMES = ['light', 'dark'] as const

const SIGNED_OUT = ['/login', '/register', '/forgot-password', '/reset-password?token=a-token', '/verify-email?token=a-token']

// A closed Select of Ant Design names its list before it is made, and says that it is closed only once it was open.
const OF_THE_LIBRARY = ['aria-required-attr', 'aria-valid-attr-value']

const BATCH_TABS = ['matrix', 'curves', 'jobs', 'timeline', 'resources', 'logs', 'files', 'environment', 'notifications', 'history', 'activity']
const PROJECT_TABS = ['overview', 'batches', 'leaderboard', 'matrix', 'studies', 'resources', 'members', 'settings']
const STUDY_TABS = ['overview', 'parameters', 'curves', 'trials']
const PUBLIC_TABS = ['matrix', 'curves', 'jobs', 'timeline', 'resources']

function pagesOf(demo: Demo): Record<string, string[]> {
  const live = `/batches/${demo.batch('convnext-long')}`
  const failed = `/batches/${demo.batch('convnext-baseline')}`
  return {
    'Home and lists': ['/', '/batches', '/jobs', '/projects', '/projects?look=table', '/inbox', '/search?q=convnext', '/trash'],
    'a batch': BATCH_TABS.map((tab) => `${live}?tab=${tab}`),
    jobs: [`${live}/jobs/convnext-t-cifar100-s0`, `${failed}/jobs/convnext-t-imagenet-100-s1`],
    'a project': PROJECT_TABS.map((tab) => `/projects/vision?tab=${tab}`),
    machines: ['/agents', '/hosts', '/hosts/dgx-01', '/hosts/lab-03?span=24h'],
    'comparing and studies': [
      ...['', '&single=1&front=1'].map((more) => `/compare?batches=${demo.batch('resnet-baseline')},${demo.batch('convnext-baseline')}${more}`),
      '/studies',
      ...STUDY_TABS.map((tab) => `/studies/convnext-lr-wd?tab=${tab}`),
    ],
    'what is open to everyone': [
      '/public/projects',
      ...['leaderboard', 'matrix', 'batches'].map((tab) => `/public/projects/vision?tab=${tab}`),
      ...PUBLIC_TABS.map((tab) => `/public/projects/vision/batches/${demo.batch('convnext-long')}?tab=${tab}`),
      `/public/projects/vision/batches/${demo.batch('convnext-long')}/jobs/convnext-t-cifar100-s0`,
      '/public/projects/none',
    ],
    settings: ['profile', 'security', 'tokens', 'shares', 'notifications', 'notifications?tab=channels', 'notifications?tab=digest', 'notifications?tab=rules', 'notifications?project=vision', 'preferences'].map((section) => `/settings/${section}`),
  }
}

interface Dialog {
  path: (demo: Demo) => string
  open?: (page: Page) => Promise<void>
  shown: string
}

/** What opens above a page. */
const DIALOGS: Record<string, Dialog> = {
  'the bell': { path: () => '/', open: (page) => page.getByTestId('bell').click(), shown: 'bell-panel' },
  'a new channel': { path: () => '/settings/notifications?tab=channels', open: (page) => page.getByTestId('add-channel').click(), shown: 'channel-form' },
  'a new rule': {
    path: () => '/settings/notifications?tab=rules',
    async open(page) {
      await page.getByTestId('add-rule').click()
      await page.getByTestId('quiet-on').click()
    },
    shown: 'rule-form',
  },
  sharing: { path: (demo) => `/batches/${demo.batch('convnext-long')}?share=1`, shown: 'share-dialog' },
  'running again': { path: (demo) => `/batches/${demo.batch('convnext-baseline')}?rerun=1`, shown: 'rerun-dialog' },
  views: { path: () => '/batches', open: (page) => page.getByTestId('views').click(), shown: 'views-list' },
  'a new view': {
    path: () => '/batches?status=failed',
    async open(page) {
      await page.getByTestId('views').click()
      await page.getByTestId('save-view').click()
    },
    shown: 'view-form',
  },
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
  const found: string[] = []
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
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

test.describe('pages of a lab at work', () => {
  let demo: Demo
  test.beforeAll(() => {
    test.setTimeout(600_000)
    demo = tellDemo()
  })

  for (const group of Object.keys(pagesOf({ batch: () => '' } as unknown as Demo))) {
    test(group, async ({ page }) => {
      test.setTimeout(600_000)
      await demo.as(page, 'ada')
      await expectNoFaults(page, pagesOf(demo)[group] ?? [])
    })
  }

  for (const [size, viewport] of Object.entries({ 'a desk': { width: 1440, height: 900 }, 'a phone': { width: 390, height: 844 } })) {
    test(`dialogs on ${size}`, async ({ page }) => {
      test.setTimeout(600_000)
      await page.setViewportSize(viewport)
      await demo.as(page, 'ada')
      const found: string[] = []
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        for (const [name, { path, open, shown }] of Object.entries(DIALOGS)) {
          await page.goto(path(demo))
          await open?.(page)
          await expect(page.getByTestId(shown)).toBeVisible()
          for (const fault of await faultsOf(page)) found.push(`${theme} ${name}: ${fault}`)
        }
      }
      expect(found.join('\n')).toBe('')
    })
  }

  test('a page for a person who has nothing yet', async ({ page }) => {
    await demo.as(page, 'sam')
    await expectNoFaults(page, ['/?scope=shared', '/jobs?q=project+%3D+%22none%22'])
  })
})
