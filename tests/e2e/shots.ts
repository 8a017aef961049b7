// Screenshots of every page in both themes, widths and languages, for a person to look at.
// SHOTS_DIR says where they go; SHOTS_ONLY (a regular expression on page names) and SHOTS_FEW=1 make the set smaller.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { mintToken, newAccount, registerInBrowser, signIn } from './support/account'
import { seedPeople } from './support/administrator'
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
  'login-refused': '/login?error=oauth_github_failed&reason=email_not_proven',
  'oauth-return': '/login/oauth/complete?bind_error=another_linked',
  register: '/register',
  'forgot-password': '/forgot-password',
  'reset-password': '/reset-password?token=a-whole-token',
  'verify-email': '/verify-email?token=a-whole-token',
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
    'admin-users': '/admin/users',
    'admin-users-empty': '/admin/users?q=nobody-is-called-this',
    'admin-invites': '/admin/invites',
    'admin-config': '/admin/config',
    'admin-flags': '/admin/flags',
    'admin-audit': '/admin/audit',
    'admin-audit-empty': '/admin/audit?q=nothing-of-this-kind',
    'admin-security': '/admin/security',
    'admin-identity': '/admin/identity',
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

/** What a page says when the server does not answer as it should. */
const BROKEN: Record<string, string> = Object.fromEntries(
  ['users', 'invites', 'config', 'flags', 'audit', 'security', 'identity'].map((section) => [`admin-${section}-error`, `/admin/${section}`]),
)

async function captureBroken(page: Page, variant: (typeof VARIANTS)[number]): Promise<void> {
  const refusal = { detail: 'no', error: { code: 'internal.error', message: 'no', details: {}, trace_id: '4f9c2a71be034f9c2a71be034f9c2a71' } }
  await page.route(/\/api\/(admin|auth\/oauth)\//, (route) => route.fulfill({ status: 500, json: refusal }))
  await capture(page, BROKEN, variant)
}

async function open(browser: Browser, variant: (typeof VARIANTS)[number]): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: variant.width, height: variant.height },
    colorScheme: variant.theme,
    locale: variant.locale,
  })
  return context.newPage()
}

test('screenshots', async ({ browser }) => {
  mkdirSync(folder, { recursive: true })
  const first = await open(browser, VARIANTS[0])
  const account = newAccount('shots')
  await registerInBrowser(first, account)
  await expect(first.getByTestId('first-steps')).toBeVisible()
  if (only.test('first-steps')) await first.screenshot({ path: join(folder, 'first-steps.png'), fullPage: true })
  const story: Story = process.env.SHOTS_STORY ? (JSON.parse(process.env.SHOTS_STORY) as Story) : await seedStory(await mintToken(first, 'shots'))
  await seedPeople(account)
  await first.context().close()

  for (const variant of few ? VARIANTS.slice(0, 2) : VARIANTS) {
    const signedOut = await open(browser, variant)
    await capture(signedOut, SIGNED_OUT, variant)
    await signedOut.context().close()
    // A session each: a refresh token is good once, so that contexts cannot share one.
    const page = await open(browser, variant)
    await signIn(page, account)
    await capture(page, pagesOf(story), variant)
    await captureBroken(page, variant)
    await page.context().close()
  }
})
