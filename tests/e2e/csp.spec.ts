// What the policy that the server sends holds off. That every page works under it is in pages.spec.ts.
import { expect, test } from '@playwright/test'
import { newAccount, newToken, signUp } from './support/account'
import { baseUrl } from './support/browser'
import { ScriptedRun } from './support/reporter'

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
