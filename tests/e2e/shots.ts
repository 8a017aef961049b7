// Screenshots of every page in both themes, widths and languages, for a person to look at.
// SHOTS_DIR says where they go; SHOTS_ONLY (a regular expression on page names) and SHOTS_FEW=1 make the set smaller.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { mintToken, newAccount, registerInBrowser } from './support/account'
import { seedStory, type Story } from './support/story'

const folder = process.env.SHOTS_DIR ?? 'shots'
const only = new RegExp(process.env.SHOTS_ONLY ?? '.')
const few = process.env.SHOTS_FEW === '1'

const VARIANTS = [
  { theme: 'light', width: 1440, height: 900, locale: 'en-US' },
  { theme: 'dark', width: 390, height: 844, locale: 'zh-CN' },
  { theme: 'dark', width: 1440, height: 900, locale: 'en-US' },
  { theme: 'light', width: 390, height: 844, locale: 'en-US' },
  { theme: 'light', width: 1440, height: 900, locale: 'zh-CN' },
  { theme: 'dark', width: 1440, height: 900, locale: 'zh-CN' },
  { theme: 'dark', width: 390, height: 844, locale: 'en-US' },
  { theme: 'light', width: 390, height: 844, locale: 'zh-CN' },
] as const

const SIGNED_OUT: Record<string, string> = {
  login: '/login',
  register: '/register',
  'forgot-password': '/forgot-password',
  'reset-password': '/reset-password?token=a-token',
  'verify-email': '/verify-email?token=a-token',
  'verify-new-email': '/verify-new-email?token=no-such-token',
}

function pagesOf(story: Story): Record<string, string> {
  const batch = `/batches/${encodeURIComponent(story.batchId)}`
  return {
    home: '/',
    batches: '/batches',
    'batch-matrix': batch,
    'batch-curves': `${batch}?tab=curves`,
    'batch-jobs': `${batch}?tab=jobs`,
    'batch-logs': `${batch}?tab=logs`,
    'batch-files': `${batch}?tab=files`,
    'batch-resources': `${batch}?tab=resources`,
    'batch-environment': `${batch}?tab=environment`,
    job: `${batch}/jobs/${encodeURIComponent(story.runningJob)}`,
    'job-failed': `${batch}/jobs/${encodeURIComponent(story.failedJob)}`,
    projects: '/projects',
    project: `/projects/${encodeURIComponent(story.project)}`,
    hosts: '/hosts',
    host: `/hosts/${encodeURIComponent(story.host)}`,
    inbox: '/inbox',
    profile: '/settings/profile',
    security: '/settings/security',
    tokens: '/settings/tokens',
    preferences: '/settings/preferences',
    missing: '/no-such-page',
  }
}

async function capture(page: Page, pages: Record<string, string>, variant: (typeof VARIANTS)[number]): Promise<void> {
  for (const [name, path] of Object.entries(pages)) {
    if (!only.test(name)) continue
    await page.goto(path)
    await expect(page.locator('h1, h2').first()).toBeVisible()
    await expect(page.getByTestId('skeleton')).toHaveCount(0)
    await page.waitForTimeout(700)
    const file = `${name}-${variant.width}-${variant.theme}-${variant.locale.slice(0, 2)}.png`
    await page.screenshot({ path: join(folder, file), fullPage: true })
  }
}

async function open(browser: Browser, variant: (typeof VARIANTS)[number], storage?: Awaited<ReturnType<typeof stateOf>>): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: variant.width, height: variant.height },
    colorScheme: variant.theme,
    locale: variant.locale,
    storageState: storage,
  })
  return context.newPage()
}

const stateOf = (page: Page) => page.context().storageState()

test('screenshots', async ({ browser }) => {
  mkdirSync(folder, { recursive: true })
  const first = await open(browser, VARIANTS[0])
  await registerInBrowser(first, newAccount('shots'))
  await expect(first.getByTestId('first-steps')).toBeVisible()
  if (only.test('first-steps')) await first.screenshot({ path: join(folder, 'first-steps.png'), fullPage: true })
  const story: Story = process.env.SHOTS_STORY ? (JSON.parse(process.env.SHOTS_STORY) as Story) : await seedStory(await mintToken(first, 'shots'))
  const storage = await stateOf(first)
  await first.context().close()

  for (const variant of few ? VARIANTS.slice(0, 2) : VARIANTS) {
    const signedOut = await open(browser, variant)
    await capture(signedOut, SIGNED_OUT, variant)
    await signedOut.context().close()
    const page = await open(browser, variant, storage)
    await capture(page, pagesOf(story), variant)
    await page.context().close()
  }
})
