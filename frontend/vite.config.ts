import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { firstPaint } from './scripts/vite/firstPaint'
import { compiledMessages } from './scripts/vite/messages'
import { chunkOfWords, splitWords } from './scripts/vite/words'

const server = process.env.ARGUS_URL ?? 'http://127.0.0.1:8000'

// What runs before the app's code is there, and nothing of Vue with it.
const EARLY = /\/src\/(app\/early|api\/ahead|api\/live\/shared\.ts|api\/(refresh|tabs)\.ts|shared\/(browser\/storage|i18n\/preferred)\.ts)/
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  plugins: [vue(), compiledMessages(), splitWords(), firstPaint()],
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      'resize-observer-polyfill': fileURLToPath(new URL('./src/shared/browser/resizeObserver.ts', import.meta.url)),
    },
  },
  server: { port: 5173, proxy: { '/api': { target: server, changeOrigin: false } } },
  build: {
    target: 'es2022',
    manifest: true,
    // All of it is 21 KiB: one request, and no part of a page ever waits for its looks.
    cssCodeSplit: false,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      input: { main: here('index.html'), early: here('src/app/early/index.ts') },
      output: {
        // Parts of a few hundred bytes cost a request each, and more of compression; what is small joins what loads it.
        // At 12,000 Rollup joined them with what other pages load, and lists grew by 9 KiB.
        experimentalMinChunkSize: 64_000,
        manualChunks(id) {
          if (/node_modules\/(echarts|zrender|vue-echarts)\//.test(id)) return 'charts'
          if (/node_modules\/(@vue|vue|vue-router|pinia|vue-i18n|@intlify)\//.test(id)) return 'vue'
          if (EARLY.test(id)) return 'early'
          return chunkOfWords(id)
        },
      },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], restoreMocks: true, unstubGlobals: true },
})
