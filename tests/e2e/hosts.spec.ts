// Machines: whether the lab is busy, and whether it is healthy.
import { expect, test } from '@playwright/test'
import { untilLive } from './support/account'
import { tellDemo, type Demo } from './support/demo'

test.describe('machines of a lab', () => {
  let demo: Demo
  test.beforeAll(() => {
    test.setTimeout(600_000)
    demo = tellDemo()
  })
  test.beforeEach(async ({ page }) => demo.as(page, 'lin'))

  test('the list answers how busy it is, over time too', async ({ page }) => {
    await page.goto('/hosts?span=7d')
    await expect(page.getByTestId('answer')).toContainText(/\d+ hosts? active.*GPUs at work/)
    await expect(page.getByTestId('capacity')).toContainText(/\d+% held, \d+% at work on average/)
    await expect(page.locator('[data-testid=host-card][data-host=dgx-02]')).toBeVisible()
  })

  test('a machine shows its GPUs with what ran on them, and leads there', async ({ page }) => {
    await page.goto('/hosts/dgx-02?span=6h')
    await expect(page.getByTestId('gpu-lane')).toHaveCount(8)
    const batch = demo.batch('zipformer-large-ddp')
    await expect(page.getByTestId('gpu-lanes').getByRole('link', { name: new RegExp(batch) }).first()).toHaveAttribute('href', `/batches/${batch}`)
    await expect(page.getByTestId('host-users')).toContainText('lin')
    await page.getByText('24 h', { exact: true }).click()
    await expect(page).toHaveURL(/span=24h/)
  })

  test('a reading moves the wall', async ({ page }) => {
    await page.goto('/hosts')
    await untilLive(page)
    const cell = page.locator('[data-gpu="dgx-02/0"]')
    await expect(cell).toBeVisible()
    const cards = Array.from({ length: 8 }, (_, index) => ({ index, util_pct: index === 0 ? 33 : 0, mem_mb: index ? 4 : 50_000, mem_total_mb: 81_559, proc_mem_mb: index ? 0 : 49_000, processes: index ? [] : [{ pid: 1, mem_mb: 49_000, own: true }] }))
    const event = { event_id: crypto.randomUUID(), schema_version: '1.1', event_type: 'resource_snapshot', timestamp: new Date().toISOString(), batch_id: demo.batch('zipformer-large-ddp'), job_id: null, source: { project: 'speech', host: 'dgx-02' }, data: { gpus: cards } }
    const answer = await page.request.post('/api/events/batch', { headers: { Authorization: `Bearer ${demo.tokenOf('lin')}` }, data: { events: [event] } })
    expect(answer.ok()).toBe(true)
    await expect(cell).toContainText('33%')
  })

  test('nobody sees machines on which nothing of theirs ran', async ({ page }) => {
    await page.goto('/hosts/lab-03')
    await expect(page.getByTestId('empty-state')).toContainText('There is no host lab-03')
    await page.getByTestId('empty-state').getByRole('link', { name: 'Hosts' }).click()
    await expect(page.locator('[data-testid=host-card][data-host=dgx-02]')).toBeVisible()
  })
})
