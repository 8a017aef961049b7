import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { firstPaint } from './scripts/vite/firstPaint'
import { compiledMessages } from './scripts/vite/messages'
import { chunkOfWords, splitWords } from './scripts/vite/words'

const server = process.env.ARGUS_URL ?? 'http://127.0.0.1:8000'

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
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        // Pages of a few hundred bytes cost a request each; what is small joins what loads it.
        experimentalMinChunkSize: 12_000,
        manualChunks(id) {
          if (/node_modules\/(echarts|zrender|vue-echarts)\//.test(id)) return 'charts'
          if (/node_modules\/(@vue|vue|vue-router|pinia|vue-i18n|@intlify)\//.test(id)) return 'vue'
          return chunkOfWords(id)
        },
      },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], restoreMocks: true, unstubGlobals: true },
})
