import { defineConfig } from '@playwright/test'
import { baseUrl, launchOptions } from './support/browser'

// What changes something that all share (settings, mails, keys, providers), counts what all do, or tells the demo while
// another may tell it. The others stand beside each other: `deploy/local/e2e.py` gives them two workers.
const ALONE = ['admin.spec.ts', 'hosts.spec.ts', 'mail.spec.ts', 'oauth.spec.ts', 'tabs.spec.ts']

export default defineConfig({
  testDir: '.',
  // So that the first account, which becomes the administrator, is nobody's by chance.
  globalSetup: './support/administrator.ts',
  projects: [
    { name: 'beside', testMatch: '*.spec.ts', testIgnore: ALONE },
    { name: 'alone', testMatch: ALONE },
  ],
  // The specs share one server: whoever runs both projects at once runs one spec after the other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    baseURL: baseUrl(),
    launchOptions: launchOptions(),
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    colorScheme: 'light',
    // Without its film: that alone took nearly half of the time. What a page was at each step is in the trace all the same.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: true },
    screenshot: 'only-on-failure',
  },
})
