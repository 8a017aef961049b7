// A rule from one of the examples: what it would have said, a fault at its place, and its word in the inbox.
import { expect, test } from '@playwright/test'
import { newAccount, newToken, signUp, untilLive } from './support/account'
import { ScriptedRun } from './support/reporter'

test('a rule is taken from an example, shows the last day and its faults, and speaks', async ({ page }) => {
  await signUp(page, newAccount('rules'))
  const name = `ruled-${Date.now().toString(36)}`
  const run = new ScriptedRun(await newToken(page, name), name, `${name}-batch`, 'gpu-ruled')
  await run.sendAll([run.event('batch_start', { experiment_type: 'sweep', n_total_jobs: 2 })])
  await run.startJob('first', 'mlp', 'digits')
  await run.sendAll([run.event('job_epoch', { epoch: 1, train_loss: 0.4, val_acc: 0.95 }, 'first')])

  await page.goto('/settings/notifications?tab=rules')
  await page.getByTestId('example-good').click()
  await expect(page.getByTestId('rule-trial')).toContainText(`${name}-batch / first`)

  const condition = page.getByTestId('rule-form').getByTestId('jobs-search')
  await condition.fill('lates.val_acc > 0.9')
  await condition.blur()
  await expect(page.getByTestId('query-mark')).toBeVisible()
  await expect(page.getByTestId('query-fault')).toContainText('latest.val_acc')
  await condition.fill('latest.val_acc > 0.9')
  await condition.blur()
  await expect(page.getByTestId('rule-trial')).toContainText(`${name}-batch / first`)
  await page.getByTestId('save-rule').click()
  await expect(page.getByTestId('rules-panel')).toContainText('latest.val_acc > 0.9')

  // A rule is heeded a moment after it was made.
  await page.goto('/inbox')
  await untilLive(page)
  await run.startJob('second', 'svm', 'digits')
  await expect(async () => {
    await run.sendAll([run.event('job_epoch', { epoch: 1, train_loss: 0.4, val_acc: 0.5 }, 'second')])
    await run.sendAll([run.event('job_epoch', { epoch: 2, train_loss: 0.4, val_acc: 0.97 }, 'second')])
    await expect(page.getByTestId('notification').first()).toContainText('second', { timeout: 3000 })
  }).toPass()
  await expect(page.getByTestId('notification').first()).toContainText('latest.val_acc = 0.97')
})
