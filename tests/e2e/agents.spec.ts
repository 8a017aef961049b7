// Agents: on which machines one can act, and what became of what was asked.
import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

/** An agent as the contract describes it: it registers, asks, and acknowledges. */
class ScriptedAgent {
  private constructor(
    private readonly request: APIRequestContext,
    readonly id: string,
    private readonly headers: Record<string, string>,
  ) {}

  static async register(request: APIRequestContext, token: string, hostname: string): Promise<ScriptedAgent> {
    const answer = await request.post('/api/agents/register', { headers: { Authorization: `Bearer ${token}` }, data: { hostname, version: '9.1.0', capabilities: ['rerun', 'stop'] } })
    expect(answer.status()).toBe(201)
    const told = (await answer.json()) as { agent_id: string; agent_token: string }
    return new ScriptedAgent(request, told.agent_id, { Authorization: `Bearer ${told.agent_token}` })
  }

  async commands(): Promise<{ id: string; kind: string; batch_id: string }[]> {
    const answer = await this.request.get(`/api/agents/${this.id}/jobs`, { headers: this.headers })
    expect(answer.ok()).toBe(true)
    return ((await answer.json()) as { jobs: { id: string; kind: string; batch_id: string }[] }).jobs
  }

  async tell(command: string, what: 'ack' | 'report', data: object): Promise<void> {
    const answer = await this.request.post(`/api/agents/${this.id}/jobs/${command}/${what}`, { headers: this.headers, data })
    expect(answer.ok(), await answer.text()).toBe(true)
  }

  async beat(data: object): Promise<void> {
    expect((await this.request.post(`/api/agents/${this.id}/heartbeat`, { headers: this.headers, data })).status()).toBe(204)
  }
}

async function endedBatch(token: string): Promise<ScriptedRun> {
  const run = new ScriptedRun(token, 'agents')
  await run.start(1)
  await run.startJob('j', 'resnet', 'digits')
  await run.finishJob('j', { ACC: 0.9 })
  await run.send('batch_done', { n_done: 1, n_failed: 0 })
  return run
}

async function rerun(page: Page, batchId: string): Promise<void> {
  await page.goto(`/batches/${batchId}?rerun=1`)
  const dialog = page.getByTestId('rerun-dialog')
  await dialog.getByTestId('rerun-now').click()
  await expect(page).toHaveURL(/\/batches\/rerun-/)
}

test('a rerun is followed from the click to the end, with all that its host told', async ({ page, request }) => {
  await signUp(page, newAccount('abe'))
  const token = await newToken(page, 'script')
  const run = await endedBatch(token)
  await page.goto('/agents')
  await expect(page.getByTestId('empty-state').first()).toContainText('No agent yet')
  const agent = await ScriptedAgent.register(request, token, run.host)
  await page.reload()
  const card = page.getByTestId('agent')
  await expect(card).toHaveAttribute('data-state', 'online')
  await expect(page.getByTestId('answer')).toContainText('1 agent is online')

  await rerun(page, run.batchId)
  const child = page.url().split('/').at(-1)?.split('?')[0] ?? ''
  await page.goto('/agents')
  await untilLive(page)
  const row = page.getByTestId('command')
  const status = row.getByTestId('command-status')
  await expect(status).toHaveAttribute('data-status', 'pending')
  const [command] = await agent.commands()
  expect(command?.batch_id).toBe(child)
  await expect(status, 'without a reload').toHaveAttribute('data-status', 'delivered')
  await agent.tell(command!.id, 'ack', { status: 'started', pid: 4711 })
  await expect(status).toHaveAttribute('data-status', 'started')
  await row.getByTestId('open-command').click()
  await expect(page).toHaveURL(/command=/)
  const steps = page.getByTestId('command-steps').locator('[data-step]')
  const at = new Date().toISOString()
  await agent.tell(command!.id, 'report', { seq: 0, step: 'spawned', at, pid: 4711 })
  await agent.tell(command!.id, 'report', { seq: 1, step: 'ended', at, exit_code: 1, last_lines: ['Traceback', 'ModuleNotFoundError: No module named "tqdm"'] })
  await expect(steps.filter({ hasText: 'Process ended' }), 'live as well').toContainText('exit code 1')
  await expect(steps.filter({ hasText: 'Process ended' })).toContainText('No module named "tqdm"')
  await expect(status).toHaveAttribute('data-status', 'failed')
})

test('what no agent began is cancelled, and an agent that is revoked is gone', async ({ page, request }) => {
  await signUp(page, newAccount('ana'))
  const token = await newToken(page, 'script')
  const run = await endedBatch(token)
  const agent = await ScriptedAgent.register(request, token, run.host)
  await agent.beat({ is_draining: true, policy: { dry_run: true, users: ['ana'] }, note: 'GPU 3 is out' })
  await rerun(page, run.batchId)
  await page.goto('/agents')
  const card = page.getByTestId('agent')
  await expect(card).toHaveAttribute('data-state', 'draining')
  await expect(card).toContainText('GPU 3 is out')
  await expect(card).toContainText('starts nothing (dry run), certain people')
  await expect(card).toContainText('1 command waits')
  await page.getByTestId('open-command').click()
  await page.getByTestId('cancel-command').click()
  await expect(page.getByTestId('command').getByTestId('command-status')).toHaveAttribute('data-status', 'cancelled')
  expect(await agent.commands()).toEqual([])
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('command-drawer')).toBeHidden()

  await card.getByTestId('agent-menu').click()
  await page.getByTestId('agent-revoke').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByTestId('empty-state').first()).toContainText('No agent yet')
})

test('others see neither the agent nor its commands', async ({ page, browser, request }) => {
  await signUp(page, newAccount('amy'))
  const token = await newToken(page, 'script')
  const run = await endedBatch(token)
  await ScriptedAgent.register(request, token, run.host)
  await rerun(page, run.batchId)
  const elsewhere = await browser.newPage()
  await signUp(elsewhere, newAccount('eve'))
  await elsewhere.goto('/agents')
  await expect(elsewhere.getByTestId('empty-state')).toHaveCount(2)
  await elsewhere.close()
})

test('the first agent is registered by lines that hold a token, which is made in place', async ({ page }) => {
  await signUp(page, newAccount('una'))
  await page.goto('/agents')
  await expect(page.getByTestId('first-agent')).toContainText("--token '<token>'")
  await page.getByTestId('mint-in-place').click()
  await expect(page.getByTestId('first-agent')).toContainText(/--token em_live_\w+/)
  await expect(page.getByText('Copy it now')).toBeVisible()
})
