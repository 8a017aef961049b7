// Being told: the bell while looking elsewhere, muting, channels with a real receiver, and dead letters sent again.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, type Page } from '@playwright/test'
import { beSignedIn, newAccount, newToken, signUp, untilLive } from './support/account'
import { ADMINISTRATOR } from './support/administrator'
import { ScriptedRun } from './support/reporter'

/** A receiver of webhooks; what `status` says now is what it answers. */
class Receiver {
  status = 200
  readonly seen: { type: string; title: string }[] = []
  private server: Server | null = null

  async open(): Promise<string> {
    this.server = createServer((request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        this.seen.push(JSON.parse(body) as { type: string; title: string })
        response.writeHead(this.status, { 'Content-Type': 'text/plain' }).end(this.status === 200 ? 'ok' : 'no such hook')
      })
    })
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`
  }

  close(): void {
    this.server?.close()
  }
}

let batches = 0

/** A run with one job under way, in a project of its own. */
async function begin(page: Page, job: string): Promise<ScriptedRun> {
  const name = `told-${Date.now().toString(36)}${(batches++).toString(36)}`
  const run = new ScriptedRun(await newToken(page, name), name, `${name}-batch`, 'gpu-told')
  await run.sendAll([run.event('batch_start', { experiment_type: 'sweep', n_total_jobs: 2 })])
  await run.startJob(job, 'mlp', 'digits')
  return run
}

async function addWebhook(page: Page, name: string, url: string): Promise<void> {
  await page.goto('/settings/notifications?tab=channels')
  await page.getByTestId('add-channel').click()
  await page.getByTestId('kind-webhook').click()
  await page.getByTestId('channel-name').fill(name)
  await page.getByTestId('channel-url').fill(url)
  await page.getByTestId('save-channel').click()
}

test('a failure counts at the bell while looking elsewhere, is read there, and its like is muted', async ({ page }) => {
  await signUp(page, newAccount('bell'))
  const run = await begin(page, 'mlp-digits')
  await page.goto('/hosts')
  await untilLive(page)
  await expect(page.getByTestId('bell-count')).toHaveCount(0)
  await run.failJob('mlp-digits', 'ValueError: a label is missing')
  await expect(page.getByTestId('bell-count')).toHaveText('1')
  await expect(page).toHaveTitle(/^\(1\) /)
  await page.getByTestId('bell').click()
  await expect(page.getByTestId('bell-panel').getByTestId('notification')).toHaveCount(1)
  await page.getByTestId('bell-panel').getByTestId('mark-read').click()
  await expect(page.getByTestId('bell-count')).toHaveCount(0)
  await page.getByTestId('bell-all').click()
  await expect(page).toHaveURL(/\/inbox$/)

  await page.getByTestId('mute').click()
  await page.getByTestId('mute-batch').click()
  await expect(page.getByTestId('muted')).toBeVisible()
  await run.startJob('svm-digits', 'svm', 'digits')
  await run.failJob('svm-digits', 'ValueError: a label is missing')
  const other = await begin(page, 'mlp-wine')
  await page.goto('/inbox')
  await untilLive(page)
  await other.failJob('mlp-wine', 'ValueError: a label is missing')
  await expect(page.getByTestId('notification').first()).toContainText('mlp-wine')
  await expect(page.getByTestId('notification')).toHaveCount(2)
  await page.goto('/settings/notifications')
  await expect(page.getByTestId('muted-batches')).toContainText(run.batchId)
})

test('a channel is added, tried, and hears of a failure', async ({ page }) => {
  const receiver = new Receiver()
  const url = await receiver.open()
  await signUp(page, newAccount('channel'))
  const run = await begin(page, 'mlp-digits')
  await addWebhook(page, 'bad', 'http://10.1.2.3/hook')
  await expect(page.getByTestId('channel-problem')).toContainText('ARGUS_OUTBOUND_ALLOW')
  await page.getByTestId('channel-name').fill('lab screen')
  await page.getByTestId('channel-url').fill(url)
  await page.getByTestId('save-channel').click()
  await expect(page.getByTestId('channel-made')).toBeVisible()
  await page.getByRole('dialog', { name: 'The secret of this channel' }).getByRole('button', { name: 'Close' }).click()
  const row = page.getByTestId('channel-lab screen')
  await row.getByTestId('test-channel').click()
  await expect(row.getByTestId('channel-tried')).toHaveText('The receiver took it.')
  expect(receiver.seen.map(({ type }) => type)).toEqual(['test'])

  await run.failJob('mlp-digits', 'ValueError: a label is missing')
  await expect.poll(() => receiver.seen.length).toBe(2)
  expect(receiver.seen[1]).toMatchObject({ type: 'job_failed' })
  await page.goto('/settings/notifications?tab=channels')
  await expect(row.getByTestId('channel-state')).toHaveText('Delivered')
  await row.getByTestId('channel-log-open').click()
  await expect(row.getByTestId('channel-log').getByRole('listitem')).toHaveCount(1)
  receiver.close()
})

test('an administrator sends a dead letter again', async ({ page }) => {
  const receiver = new Receiver()
  receiver.status = 404
  const url = await receiver.open()
  await beSignedIn(page, ADMINISTRATOR)
  const run = await begin(page, 'mlp-digits')
  const name = `screen of ${run.batchId}`
  await addWebhook(page, name, url)
  await expect(page.getByTestId('channel-made')).toBeVisible()
  await run.failJob('mlp-digits', 'ValueError: a label is missing')
  await expect.poll(() => receiver.seen.length).toBe(1)

  await page.goto(`/admin/deliveries?status=failed&q=${run.batchId}`)
  const row = page.getByTestId('delivery-table').getByRole('row').filter({ hasText: run.batchId }).filter({ hasText: 'Webhook' })
  await expect(row).toContainText('404 no such hook')
  receiver.status = 200
  await row.getByTestId('retry-one').click()
  await expect.poll(() => receiver.seen.length).toBe(2)
  await page.goto(`/admin/deliveries?status=sent&q=${run.batchId}`)
  await expect(row).toContainText('Delivered')
  receiver.close()
})
