// A browser's session: in memory and in a cookie, through reloads, second tabs, tokens that run out, and its end.
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { beSignedIn, newAccount, registerInBrowser, signIn, signUp, untilLive } from './support/account'
import { cutLine } from './support/line'

const refreshes = (page: Page): string[] => {
  const seen: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/api/auth/refresh')) seen.push(request.method())
  })
  return seen
}

const visited = (page: Page): string[] => {
  const seen: string[] = []
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) seen.push(new URL(frame.url()).pathname)
  })
  return seen
}

const refreshCookie = async (context: BrowserContext) => (await context.cookies(`${test.info().project.use.baseURL ?? ''}/api/auth/refresh`)).find(({ name }) => name.includes('argus_refresh'))

test('a reload and a second tab stay signed in, and no script can read why', async ({ page, context }) => {
  await registerInBrowser(page, newAccount('ada'))
  await page.goto('/batches')
  await expect(page.getByTestId('user-menu')).toBeVisible()
  const paths = visited(page)
  const asked = refreshes(page)
  await page.reload()
  await expect(page.getByTestId('user-menu')).toBeVisible()
  expect(paths, 'the sign-in page must not show in between').not.toContain('/login')
  expect(asked).toHaveLength(1)

  const held = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie }))
  expect(held).not.toMatch(/eyJ|refresh/)
  expect(await refreshCookie(context)).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/api/auth' })

  const second = await context.newPage()
  await second.goto('/hosts')
  await expect(second.getByTestId('user-menu')).toBeVisible()
  await expect(second).toHaveURL(/\/hosts/)
  await page.goto('/settings/security')
  await expect(page.getByTestId('sessions').locator('li')).toHaveCount(1)
})

test('where nobody was signed in, nothing is asked', async ({ page }) => {
  const asked = refreshes(page)
  await page.goto('/batches')
  await expect(page).toHaveURL(/\/login\?redirect/)
  expect(asked).toHaveLength(0)
})

test('tabs that wake in the same moment are not taken for a thief', async ({ page, context }) => {
  await signUp(page, newAccount('bea'))
  const tabs = [page, await context.newPage(), await context.newPage(), await context.newPage()]
  for (let round = 0; round < 3; round += 1) await Promise.all(tabs.map((tab) => tab.goto('/batches')))
  for (const tab of tabs) await expect(tab.getByTestId('user-menu')).toBeVisible()
  await page.reload()
  await expect(page.getByTestId('user-menu')).toBeVisible()
})

test('signing out in one tab signs out the others, and leaves no cookie', async ({ page, context }) => {
  await registerInBrowser(page, newAccount('cleo'))
  const second = await context.newPage()
  await second.goto('/hosts')
  await untilLive(second)
  await page.getByTestId('user-menu').click()
  await page.getByTestId('sign-out').click()
  await expect(page).toHaveURL(/\/login/)
  await expect(second).toHaveURL(/\/login\?redirect=\/hosts/)
  await expect.poll(() => refreshCookie(context)).toBeUndefined()
  await second.reload()
  await expect(second).toHaveURL(/\/login/)
})

test('signing in in one tab takes the others along, to where they wanted to go', async ({ page, context }) => {
  const account = newAccount('dora')
  await registerInBrowser(page, account)
  await page.getByTestId('user-menu').click()
  await page.getByTestId('sign-out').click()
  await expect(page).toHaveURL(/\/login/)
  const second = await context.newPage()
  await second.goto('/hosts')
  await expect(second).toHaveURL(/\/login\?redirect/)
  await signIn(page, account)
  await expect(second).toHaveURL(/\/hosts/)
})

test('a request whose token has run out is sent once more, and the page does not notice', async ({ page }) => {
  await signUp(page, newAccount('elsa'))
  await page.goto('/settings/profile')
  await expect(page.getByTestId('user-menu')).toBeVisible()
  const asked = refreshes(page)
  let refused = 0
  await page.route('**/api/auth/sessions', async (route) => {
    if (refused++ > 0) return await route.continue()
    await route.fulfill({ status: 401, json: { detail: 'The session has ended.', error: { code: 'auth.session_invalid', message: '', details: {}, trace_id: null } } })
  })
  await page.goto('/settings/security')
  await expect(page.getByTestId('sessions').locator('li')).toHaveCount(1)
  expect(refused, 'the refused one was sent again').toBeGreaterThan(1)
  expect(asked.length).toBe(2)
  await expect(page).toHaveURL(/settings\/security/)
})

test('after a long sleep the page goes on, and its stream too', async ({ page }) => {
  await page.clock.install()
  await signUp(page, newAccount('faye'))
  await page.goto('/batches')
  await untilLive(page)
  const asked = refreshes(page)
  await page.clock.fastForward('03:00:00')
  await expect.poll(() => asked.length).toBeGreaterThan(0)
  await untilLive(page)
  await page.getByRole('link', { name: 'Hosts' }).first().click()
  await expect(page).toHaveURL(/\/hosts/)
  await expect(page.getByTestId('user-menu')).toBeVisible()
})

test('without a network nobody is signed out; with it the page goes on', async ({ page, context }) => {
  await page.clock.install()
  await signUp(page, newAccount('gina'))
  await page.goto('/batches')
  await untilLive(page)
  const mend = await cutLine(context)
  await page.clock.fastForward('14:30')
  await page.clock.fastForward('05:00')
  await expect(page).toHaveURL(/\/batches/)
  await expect(page.getByTestId('user-menu')).toBeVisible()
  await mend()
  await page.clock.fastForward('01:00')
  await untilLive(page)
})

test('a session that is ended elsewhere ends here at once, and comes back to the same page', async ({ page, browser }) => {
  const account = newAccount('hana')
  await signUp(page, account)
  await page.goto('/hosts')
  await untilLive(page)
  const elsewhere = await (await browser.newContext()).newPage()
  await beSignedIn(elsewhere, account)
  await elsewhere.goto('/settings/security')
  await elsewhere.getByTestId('end-others').click()
  await elsewhere.getByRole('tooltip').getByRole('button', { name: 'Sign out everywhere else' }).click()
  await expect(page, 'the open stream hears of it').toHaveURL(/\/login\?redirect=\/hosts/, { timeout: 5_000 })
  await elsewhere.context().close()
  await signIn(page, account, false)
  await expect(page).toHaveURL(/\/hosts/)
})

test('a server that is down while a page is opened signs nobody out, and the page opens when it is back', async ({ page }) => {
  await signUp(page, newAccount('ada'))
  await page.goto('/')
  await expect(page.getByTestId('user-menu')).toBeVisible()
  await page.route('**/api/auth/refresh', (route) => route.fulfill({ status: 503, json: {} }))
  await page.goto('/hosts')
  await expect(page.getByTestId('waits')).toBeVisible()
  await page.unroute('**/api/auth/refresh')
  await expect(page).toHaveURL('/hosts')
  await expect(page.getByTestId('user-menu')).toBeVisible()
})
