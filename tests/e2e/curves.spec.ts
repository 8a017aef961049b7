// Curves as people look at them: a zoom asks for finer data and is in the address, seeds are one band, axes, files.
import { readFile } from 'node:fs/promises'
import { expect, test, type Page } from '@playwright/test'
import { beSignedIn, newAccount, untilLive } from './support/account'
import { Person, register } from './support/administrator'
import { ScriptedRun } from './support/reporter'

// Thousands of events are told first, and the machine may be busy.
test.slow()

const STEPS = 900

/** Two settings of two seeds each, with more steps than a chart of a batch is given at first; one value is NaN. */
async function sweep(token: string): Promise<ScriptedRun> {
  const run = new ScriptedRun(token, 'vision')
  const begin = Date.now() - 3_600_000
  const events = [run.event('batch_start', { experiment_type: 'sweep', n_total_jobs: 4 }, null, new Date(begin))]
  for (const lr of [0.1, 0.01]) {
    for (const seed of [0, 1]) {
      const job = `lr${lr}-seed${seed}`
      events.push(run.event('job_start', { model: 'mlp', dataset: 'digits', config: { lr, seed } }, job, new Date(begin)))
      for (let step = 0; step < STEPS; step += 1) {
        const loss = 2 * Math.exp((-step * lr) / 60) + 0.1 * seed
        events.push(run.event('job_step', { step, loss: step === 700 ? 'NaN' : loss, samples: step * 64 }, job, new Date(begin + step * 2_000)))
      }
    }
  }
  for (let reading = 0; reading < 60; reading += 1) {
    events.push(run.event('resource_snapshot', { gpu_util_pct: 60 + reading / 2, cpu_util_pct: 20, ram_mb: 9_000, ram_total_mb: 64_000 }, null, new Date(begin + reading * 50_000)))
  }
  await run.sendAll(events)
  return run
}

// Told once: each of the tests only looks at it.
const account = newAccount('cur')
let told: ScriptedRun
test.beforeAll(async () => {
  expect(await register(account)).toBe(201)
  const owner = await Person.of(account)
  told = await sweep((await owner.call<{ token: string }>('POST', '/api/tokens', { name: 'a training machine', scope: 'reporter' })).token)
})

async function open(page: Page): Promise<ScriptedRun> {
  await beSignedIn(page, account)
  return told
}

/** The steps of the first curve that an answer to a query of curves holds: of part of them, when somebody zooms. */
async function stepsOfNextAnswer(page: Page): Promise<number[]> {
  const answer = await page.waitForResponse((response) => response.url().includes('/api/metrics/query') && response.ok())
  const { results } = (await answer.json()) as { results: { series: { steps: number[] }[] }[] }
  return results[0]?.series[0]?.steps ?? []
}

const chart = (page: Page) => page.getByTestId('batch-curves').getByTestId('chart').first()

test('a zoom asks the server for finer data, is in the address, and goes by a double click', async ({ page }) => {
  const run = await open(page)
  await page.goto(`/batches/${run.batchId}?tab=curves&metric=loss`)
  await expect(chart(page)).toHaveAttribute('data-points', /^[1-9]/)
  const before = Number(await chart(page).getAttribute('data-points'))
  expect(before).toBeLessThan(4 * STEPS)

  // Once it answers to the pointer, it is drawn.
  await chart(page).hover({ position: { x: 300, y: 150 } })
  await expect(page.getByTestId('hover-card')).toBeVisible()
  const box = await chart(page).boundingBox()
  if (!box) throw new Error('the chart has no place')
  const finer = stepsOfNextAnswer(page)
  await page.mouse.move(box.x + box.width * 0.3, box.y + 100)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.5, box.y + 120, { steps: 6 })
  await page.mouse.up()
  const steps = await finer
  expect(steps.length).toBeGreaterThan(20)
  expect((steps.at(-1) as number) - (steps[0] as number)).toBe(steps.length - 1)
  await expect(page).toHaveURL(/zoom=/)
  await expect.poll(async () => Number(await chart(page).getAttribute('data-points'))).toBeGreaterThan(before)

  // The link shows the same part to whoever opens it, as fine as that.
  const again = stepsOfNextAnswer(page)
  await page.reload()
  expect(await again).toEqual(steps)
  await expect(chart(page)).toHaveAttribute('data-part', /:/)
  await chart(page).dblclick({ position: { x: box.width / 2, y: 150 } })
  await expect(page).not.toHaveURL(/zoom=/)
})

test('seeds are one band, computed of all members', async ({ page }) => {
  const run = await open(page)
  const answered = page.waitForResponse((response) => response.url().includes('/api/metrics/query') && response.ok())
  await page.goto(`/batches/${run.batchId}?tab=curves&metric=loss&by=seed`)
  const { groups } = (await (await answered).json()) as { groups: { label: string; members: unknown[]; series: { n: number[]; left_out: number[] }[] }[] }
  expect(groups.map(({ label, members }) => [label, members.length]).sort()).toEqual([['lr=0.01', 2], ['lr=0.1', 2]])
  expect(groups[0]?.series[0]?.left_out.reduce((sum, count) => sum + count, 0)).toBe(2)
  await expect(page.getByTestId('legend-row').filter({ hasText: 'lr=0.1' }).first()).toBeVisible()
  await chart(page).hover({ position: { x: 400, y: 150 } })
  await expect(page.getByTestId('hover-card')).toContainText('n = 2')

  // A pinned job is drawn above the bands, and differences are told to it.
  await page.getByTestId('legend-row').filter({ hasText: 'lr0.1-seed1' }).getByRole('button').first().click()
  await expect(page).toHaveURL(/job=lr0\.1-seed1/)
  await chart(page).hover({ position: { x: 420, y: 150 } })
  await expect(page.getByTestId('hover-card')).toContainText('lr0.1-seed1')
})

test('axes are changed, and a chart is saved and read as a table', async ({ page }) => {
  const run = await open(page)
  await page.goto(`/batches/${run.batchId}?tab=curves&metric=loss`)
  await expect(chart(page)).toHaveAttribute('data-points', /^[1-9]/)
  await page.getByTestId('log-axis').click()
  await expect(page).toHaveURL(/log=1/)

  await page.getByTestId('chart-as-table').click()
  await expect(page.getByTestId('chart-table').getByRole('row')).not.toHaveCount(0)

  await page.getByTestId('chart-menu').click()
  const saved = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Save as CSV' }).click()
  const file = await (await saved).path()
  expect((await readFile(file, 'utf8')).split('\r\n')[0]).toMatch(/^step,lr0/)
  await page.getByTestId('chart-menu').click()
  const image = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Save as SVG' }).click()
  expect(await readFile(await (await image).path(), 'utf8')).toContain('<svg')
})

test("a job's machines share the crosshair of its curves, and points come live", async ({ page }) => {
  const run = await open(page)
  await page.goto(`/batches/${run.batchId}/jobs/lr0.1-seed0?x=wall`)
  const curve = page.getByTestId('job-curves').getByTestId('chart').first()
  await expect(curve).toHaveAttribute('data-points', /^[1-9]/)
  const machine = page.getByTestId('job-system')
  await expect(machine.getByTestId('chart').first()).toHaveAttribute('data-points', /^[1-9]/)
  await machine.getByTestId('chart').first().hover({ position: { x: 150, y: 60 } })
  await expect(machine.getByTestId('hover-card').first()).toBeVisible()

  await untilLive(page)
  const before = Number(await curve.getAttribute('data-points'))
  await run.send('job_step', { step: STEPS, loss: 0.01, samples: 1 }, 'lr0.1-seed0')
  await expect.poll(async () => Number(await curve.getAttribute('data-points'))).toBeGreaterThan(before)
})

test('on paper a chart is light, as wide as a page, and its axes are not wiped out by its lines', async ({ page }) => {
  await page.addInitScript(() => {
    const seen = { wiped: 0, widths: [] as number[], colours: [] as string[] }
    Object.assign(window, { seen })
    let isPrinting = false
    const wipe = CanvasRenderingContext2D.prototype.clearRect
    CanvasRenderingContext2D.prototype.clearRect = function (...rect) {
      // What clears a canvas while it is put on paper clears what lies below it there, too.
      if (isPrinting && this.canvas.className === 'lines') seen.wiped += 1
      wipe.apply(this, rect)
    }
    addEventListener('beforeprint', () => (isPrinting = true))
    // What is drawn anew for the window is no more on paper.
    addEventListener('afterprint', () => (isPrinting = false))
  })
  const run = await open(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(`/batches/${run.batchId}?tab=curves&metric=loss`)
  await expect(chart(page)).toHaveAttribute('data-points', /^[1-9]/)
  await expect(page.locator('canvas.axes').first()).toBeVisible()
  // The last to hear of it: what is on the page now is what is printed.
  await page.evaluate(() => {
    const { seen } = window as unknown as { seen: { widths: number[]; colours: string[] } }
    addEventListener('beforeprint', () => {
      for (const canvas of document.querySelectorAll<HTMLCanvasElement>('canvas.axes')) {
        const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, canvas.width, canvas.height)
        seen.widths.push(canvas.width / devicePixelRatio)
        for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) seen.colours.push([data[at], data[at + 1], data[at + 2]].join())
      }
      seen.colours = [...new Set(seen.colours)]
    })
  })
  await page.pdf()
  const { wiped, widths, colours } = await page.evaluate(() => (window as unknown as { seen: { wiped: number; widths: number[]; colours: string[] } }).seen)
  expect(wiped).toBe(0)
  expect(widths.length).toBeGreaterThan(0)
  expect(Math.max(...widths)).toBeLessThanOrEqual(680)
  // The lines of the grid in the light palette, and none of the dark one's.
  expect(colours).toContain('227,230,234')
  expect(colours).not.toContain('38,46,57')
})
