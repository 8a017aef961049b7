// The pictures of the README and of docs/guide, from the laboratory of `make demo`, in both themes. PICTURES_DIR says where they go.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { tellDemo, type Demo } from './support/demo'

const folder = process.env.PICTURES_DIR ?? 'pictures'
const only = new RegExp(process.env.PICTURES_ONLY ?? '.')

function pagesOf(demo: Demo): Record<string, string> {
  const compared = ['resnet-baseline', 'convnext-baseline', 'vit-baseline'].map(demo.batch).join()
  return {
    home: '/',
    project: '/projects/vision',
    matrix: `/batches/${demo.batch('all-models-v2')}`,
    curves: `/batches/${demo.batch('all-models-v2')}?tab=curves`,
    crash: `/batches/${demo.batch('swin-baseline')}/jobs/swin-t-cifar100-s0`,
    compare: `/compare?batches=${compared}`,
    study: '/studies/convnext-lr-wd',
    host: '/hosts/dgx-01?span=6h',
    hosts: '/hosts',
    jobs: `/jobs?q=${encodeURIComponent('project = "vision" and metrics.ACC > 0.85')}&cols=batch,config.lr,config.optimizer,metrics.ACC,host,started,elapsed&sort=-metrics.ACC`,
    timeline: `/batches/${demo.batch('all-models-v2')}?tab=timeline`,
    logs: `/batches/${demo.batch('swin-baseline')}?tab=logs`,
    inbox: '/inbox',
    rules: '/settings/notifications?tab=rules',
    public: '/public/projects/vision',
  }
}

/** What is done on a page before its picture is taken. */
const FIRST: Record<string, (page: Page) => Promise<void>> = {
  rules: async (page) => page.getByTestId('example-good').click(),
}

test('pictures', async ({ browser }) => {
  mkdirSync(folder, { recursive: true })
  const demo = tellDemo()
  for (const theme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: theme, locale: 'en-US', reducedMotion: 'reduce' })
    const page = await context.newPage()
    await demo.as(page, 'ada')
    for (const [name, path] of Object.entries(pagesOf(demo))) {
      if (!only.test(name)) continue
      await page.goto(path)
      await expect(page.locator('h1, h2').first()).toBeVisible()
      await expect(page.getByTestId('skeleton')).toHaveCount(0)
      await FIRST[name]?.(page)
      // Charts come after the page, and draw themselves.
      await page.waitForTimeout(2_500)
      await page.screenshot({ path: join(folder, `${name}-${theme}.png`) })
    }
    await context.close()
  }
  if (!only.test('phone')) return
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme: 'dark', locale: 'en-US', reducedMotion: 'reduce' })
  const page = await phone.newPage()
  await demo.as(page, 'ada')
  await page.goto('/')
  await expect(page.getByTestId('answer')).toBeVisible()
  await expect(page.getByTestId('skeleton')).toHaveCount(0)
  await page.waitForTimeout(1_000)
  await page.screenshot({ path: join(folder, 'phone-dark.png') })
  await phone.close()
})
