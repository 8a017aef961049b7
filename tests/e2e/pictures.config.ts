import { defineConfig } from '@playwright/test'
import { baseUrl, launchOptions } from './support/browser'

export default defineConfig({
  testDir: '.',
  testMatch: 'pictures.ts',
  workers: 1,
  timeout: 600_000,
  reporter: [['list']],
  use: { baseURL: baseUrl(), launchOptions: launchOptions() },
})
