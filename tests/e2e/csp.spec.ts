// Every page works under the policy that the server sends: the browser reports no violation and refuses nothing.
import { expect, test, type Page } from '@playwright/test'
import { beSignedIn, newAccount, newToken, signUp } from './support/account'
import { ADMINISTRATOR } from './support/administrator'
import { baseUrl } from './support/browser'
import { ScriptedRun } from './support/reporter'
import { seedStory } from './support/story'

const BARE = ['/login', '/register', '/forgot-password', '/reset-password?token=aaaaaaaaaaaa', '/verify-email?token=aaaaaaaaaaaa', '/unsubscribe?token=aaaaaaaaaaaa']
const PLAIN = [
  '/', '/batches', '/jobs', '/projects', '/compare', '/studies', '/hosts', '/agents', '/inbox', '/search?q=digits', '/trash', '/no-such-page', '/public/projects',
  '/settings/profile', '/settings/security', '/settings/tokens', '/settings/shares', '/settings/notifications', '/settings/notifications?tab=channels', '/settings/notifications?tab=digest', '/settings/notifications?tab=rules', '/settings/preferences',
  '/admin/users', '/admin/invites', '/admin/config', '/admin/flags', '/admin/audit', '/admin/mail', '/admin/templates', '/admin/security', '/admin/keys', '/admin/retention', '/admin/identity',
]

/** What the browser refused on this page, as it happens. */
async function watchRefusals(page: Page): Promise<string[]> {
  const refused: string[] = []
  await page.exposeFunction('argusRefused', (what: string) => refused.push(what))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const report = (window as unknown as { argusRefused: (what: string) => void }).argusRefused
      report(`${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber} on ${location.pathname}`)
    })
  })
  page.on('console', (message) => {
    if (/content security policy|permissions policy|cross-origin-|trusted type/i.test(message.text())) refused.push(message.text())
  })
  return refused
}

async function look(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.locator('h1, h2').first()).toBeVisible()
  await expect(page.getByTestId('skeleton')).toHaveCount(0)
}

test('every page works under its policy, in light and dark', async ({ page }) => {
  test.setTimeout(600_000)
  const refused = await watchRefusals(page)
  for (const path of BARE) await look(page, path)
  // The administrator, because the administration's pages are among them.
  await beSignedIn(page, ADMINISTRATOR)
  const story = await seedStory(await newToken(page, 'policy'))
  const batch = `/batches/${story.batchId}`
  const tabs = ['matrix', 'curves', 'jobs', 'logs', 'timeline', 'resources', 'environment', 'files', 'notifications', 'history', 'activity'].map((tab) => `${batch}?tab=${tab}`)
  const full = [...tabs, `${batch}/jobs/${story.runningJob}`, `${batch}/jobs/${story.failedJob}`, `/hosts/${story.host}`, `/projects/${story.project}`]
  for (const path of [...PLAIN, ...full]) await look(page, path)
  await page.getByTestId('theme-switch').click()
  await page.getByTestId('theme-dark').click()
  for (const path of ['/', ...full]) await look(page, path)
  // What is drawn only on demand: menus, a chart's tooltip.
  await page.goto(`${batch}?tab=curves`)
  const chart = page.getByTestId('chart').first()
  await expect(chart).toBeVisible()
  await chart.hover()
  await page.getByTestId('user-menu').click()
  expect(refused).toEqual([])
})

test('a script that got into a page is not run, and the page may not be framed', async ({ page }) => {
  await page.goto('/login')
  const outcome = await page.evaluate(async () => {
    const marked = window as unknown as { ran?: string }
    const script = document.createElement('script')
    script.textContent = 'window.ran = "inline"'
    document.body.append(script)
    const image = document.createElement('img')
    image.setAttribute('onerror', 'window.ran = "handler"')
    image.src = '/no-such-image'
    document.body.append(image)
    const foreign = await fetch('https://evil.example/').then(() => 'sent', () => 'refused')
    // In a later task: what the test's own protocol evaluates is exempt from the policy.
    const evaluated = await new Promise((resolve) => setTimeout(() => {
      try {
        resolve(new Function('return "ran"')())
      } catch (error) {
        resolve(error instanceof EvalError ? 'refused' : String(error))
      }
    }, 300))
    return { ran: marked.ran ?? 'nothing', foreign, evaluated }
  })
  expect(outcome).toEqual({ ran: 'nothing', foreign: 'refused', evaluated: 'refused' })

  await page.setContent(`<iframe src="${baseUrl()}/login"></iframe>`)
  const framed = page.frames().find((frame) => frame.parentFrame() !== null)
  await framed?.waitForLoadState('load').catch(() => undefined)
  expect(framed?.url()).not.toBe(`${baseUrl()}/login`)
})

test('an uploaded page does not run in our origin', async ({ page, request }) => {
  await signUp(page, newAccount('uma'))
  const token = await newToken(page, 'uploads')
  const run = new ScriptedRun(token, 'policy-uploads')
  await run.start(1)
  const hostile = '<!doctype html><title>ran</title><script>parent.postMessage(document.domain, "*"); document.title = "script"</script>'
  await run.upload('report.html', new TextEncoder().encode(hostile))
  const headers = { Authorization: `Bearer ${token}` }
  const listed = await request.get(`${baseUrl()}/api/batches/${run.batchId}/artifacts`, { headers })
  const [artifact] = (await listed.json()) as { id: number }[]
  const answer = await request.get(`${baseUrl()}/api/artifacts/${artifact!.id}?inline=true`, { headers })
  // The very answer, shown as a document of our origin.
  await page.route('**/api/shown', (route) => route.fulfill({
    status: 200,
    contentType: 'text/html',
    headers: { 'content-security-policy': answer.headers()['content-security-policy']! },
    body: hostile,
  }))
  await page.goto('/api/shown')
  expect(await page.title()).toBe('ran')
  expect(answer.headers()['content-disposition']).toMatch(/^attachment/)
})
