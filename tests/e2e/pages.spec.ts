// Every page, visited once: it works under the policy that the server sends, its scripts do not fail, it fits a phone, and
// axe-core finds no fault in it that it calls serious or critical, in either theme. What is empty is visited on a phone alone.
import { expect, test, type Page } from '@playwright/test'
import { beSignedIn, newAccount, signUp } from './support/account'
import { ADMINISTRATOR } from './support/administrator'
import { tellDemo, type Demo } from './support/demo'
import { DESK, PHONE, Visitor } from './support/visits'

const SIGNED_OUT = ['/login', '/register', '/forgot-password', '/reset-password?token=a-whole-token', '/verify-email?token=a-whole-token', '/unsubscribe?token=a-whole-token']
const SETTINGS = ['profile', 'security', 'tokens', 'shares', 'notifications', 'notifications?tab=channels', 'notifications?tab=digest', 'notifications?tab=rules', 'preferences'].map((section) => `/settings/${section}`)
const EMPTY = ['/', '/batches', '/jobs', '/projects', '/compare', '/studies', '/hosts', '/agents', '/inbox', '/search?q=digits', '/trash', '/public/projects', '/no-such-page', ...SETTINGS]
const ADMINISTRATION = ['users', 'invites', 'config', 'flags', 'audit', 'mail', 'templates', 'security', 'keys', 'retention', 'identity', 'deliveries'].map((section) => `/admin/${section}`)

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
    settings: [...SETTINGS, '/settings/notifications?project=vision'],
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

async function visitAll(page: Page, paths: readonly string[]): Promise<void> {
  const visitor = await Visitor.of(page)
  for (const path of paths) await visitor.see(path)
  visitor.report()
}

// What a test of many pages found is told in words; its trace would cost more than the visits.
test.use({ trace: 'off' })
test.beforeEach(() => test.setTimeout(600_000))

test('pages for people without an account', async ({ page }) => {
  await visitAll(page, SIGNED_OUT)
})

test('pages for whoever has nothing yet', async ({ page }) => {
  await signUp(page, newAccount('ana'))
  const visitor = await Visitor.of(page)
  for (const path of EMPTY) await visitor.fit(path)
  // On a phone a menu leads from page to page.
  await page.getByTestId('nav-hosts').click()
  await expect(page).toHaveURL(/\/hosts$/)
  for (const path of ['/?scope=shared', '/jobs?q=project+%3D+%22none%22']) await visitor.see(path)
  visitor.report()
})

test('pages of the administration', async ({ page }) => {
  await beSignedIn(page, ADMINISTRATOR)
  await visitAll(page, ADMINISTRATION)
})

test.describe('pages of a lab at work', () => {
  let demo: Demo
  test.beforeAll(() => {
    test.setTimeout(600_000)
    demo = tellDemo()
  })

  for (const group of Object.keys(pagesOf({ batch: () => '' } as unknown as Demo))) {
    test(group, async ({ page }) => {
      await demo.as(page, 'ada')
      await visitAll(page, pagesOf(demo)[group] ?? [])
    })
  }

  for (const [size, viewport] of Object.entries({ 'a desk': DESK, 'a phone': PHONE })) {
    test(`dialogs on ${size}`, async ({ page }) => {
      await page.setViewportSize(viewport)
      await demo.as(page, 'ada')
      const visitor = await Visitor.of(page)
      for (const [name, { path, open, shown }] of Object.entries(DIALOGS)) {
        await page.goto(path(demo))
        await open?.(page)
        await expect(page.getByTestId(shown)).toBeVisible()
        await visitor.inBothThemes(name)
      }
      visitor.report()
    })
  }

  test('what is drawn only on demand', async ({ page }) => {
    await demo.as(page, 'ada')
    const visitor = await Visitor.of(page)
    await page.goto(`/batches/${demo.batch('convnext-long')}?tab=curves`)
    await page.getByTestId('theme-switch').click()
    await page.getByTestId('theme-dark').click()
    const chart = page.getByTestId('chart').first()
    await expect(chart).toBeVisible()
    await chart.hover()
    await page.getByTestId('user-menu').click()
    visitor.report()
  })
})

test('a page whose code does not arrive says so, and comes with the next try', async ({ page }) => {
  await signUp(page, newAccount('gus'))
  await page.goto('/inbox')
  await expect(page.locator('h1')).toBeVisible()
  await page.route('**/assets/*.js', (route) => route.abort())
  await page.getByTestId('nav-hosts').click()
  await expect(page.getByTestId('missed-page')).toBeVisible()
  await expect(page).toHaveURL(/inbox/)
  await page.unroute('**/assets/*.js')
  await page.getByTestId('missed-page').getByRole('button', { name: 'Try again' }).click()
  await expect(page).toHaveURL(/hosts/)
  await expect(page.getByTestId('missed-page')).toHaveCount(0)
  await expect(page.locator('h1')).toContainText('Hosts')
})
