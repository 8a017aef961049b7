import { defineConfig } from '@playwright/test'
import { baseUrl, launchOptions } from './support/browser'

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  // So that the first account, which becomes the administrator, is nobody's by chance.
  globalSetup: './support/administrator.ts',
  // The specs share one server, and a run must tell the same story every time.
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
