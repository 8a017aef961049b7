// Home answers what happens now and what needs one, and what it says moves by itself.
import { expect, test, type Page } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

const CARD = { index: 0, name: 'A100', util_pct: 90, mem_mb: 20_000, mem_total_mb: 80_000, temp_c: 60, proc_mem_mb: 19_000, processes: [{ pid: 1, mem_mb: 19_000, own: true }] }
const FREE = { index: 1, name: 'A100', util_pct: 0, mem_mb: 4, mem_total_mb: 80_000, temp_c: 30, proc_mem_mb: 0, processes: [] }

test.describe('Home', () => {
  test.describe.configure({ mode: 'serial' })
  const account = newAccount('hana')
  const host = `box-${account.username.slice(-6)}`
  let page: Page
  let run: ScriptedRun

  test.beforeAll(async ({ browser }) => {
    page = await browser.newPage()
    await signUp(page, account)
    run = new ScriptedRun(await newToken(page, 'home'), 'home-lab', undefined, host)
    await run.start(2)
    await run.startJob('first', 'resnet', 'cifar')
    await run.epoch('first', 1, { train_loss: 1, val_loss: 1.1 })
    await run.send('resource_snapshot', { gpu_util_pct: 90, gpus: [CARD, FREE] })
  })
  test.afterAll(() => page.close())

  test('says in words what happens, and shows whose each GPU is', async () => {
    await page.goto('/')
    await expect(page.getByTestId('answer')).toContainText('1 batch running, nothing needs you')
    await expect(page.getByTestId('running-batch')).toContainText('1 GPU at 90%')
    const held = page.locator(`[data-gpu="${host}/0"]`)
    await expect(held).toHaveAttribute('data-state', 'busy')
    await expect(held).toContainText(/^h\w\d+%$/i)
    await expect(page.locator(`[data-gpu="${host}/1"]`)).toHaveAttribute('data-state', 'free')
    await held.focus()
    await expect(page.getByText(`Held by ${account.username}`)).toBeVisible()
  })

  test('moves with the readings, without a reload', async () => {
    await untilLive(page)
    await run.send('resource_snapshot', { gpu_util_pct: 40, gpus: [{ ...CARD, util_pct: 40 }, FREE] })
    await expect(page.locator(`[data-gpu="${host}/0"]`)).toContainText('40%')
  })

  test('tells of a failure with its cause, leads to it, and lets it be put aside', async () => {
    await untilLive(page)
    await run.failJob('first', 'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB')
    const concern = page.getByTestId('concern')
    await expect(concern).toContainText('GPU out of memory ended 1 job')
    await expect(page.getByTestId('answer')).toContainText('1 thing needs you')
    await expect(concern.getByRole('link')).toHaveAttribute('href', new RegExp(`/batches/${run.batchId}/jobs/first$`))
    await concern.getByRole('button', { name: /^Put aside/ }).click()
    await expect(concern).toHaveCount(0)
    await page.reload()
    await expect(page.getByTestId('attention')).toContainText('Nothing needs you.')
    await page.getByRole('button', { name: /show again/ }).click()
    await expect(concern).toHaveCount(1)
  })

  test('stops a batch that stands still, after asking', async () => {
    const silent = new ScriptedRun(await newToken(page, 'silent'), 'home-lab', undefined, host)
    await silent.send('batch_start', { n_total_jobs: 1 }, null, new Date(Date.now() - 12 * 60_000))
    await page.goto('/')
    const concern = page.locator('[data-testid=concern][data-trouble=stalled]')
    await concern.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click()
    await expect.poll(() => silent.stopRequested()).toBe(true)
  })

  test('keeps whose work it shows in the address', async () => {
    await page.goto('/')
    await page.getByText('Shared with me', { exact: true }).click()
    await expect(page).toHaveURL(/\?scope=shared$/)
    await expect(page.getByTestId('running-batch')).toHaveCount(0)
    await page.reload()
    await expect(page.getByRole('radio', { name: 'Shared with me' })).toBeChecked()
  })
})
