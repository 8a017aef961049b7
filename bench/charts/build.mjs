// Builds the measured page from the app's sources with the app's own tools: node build.mjs <folder>.
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const frontend = fileURLToPath(new URL('../../frontend', import.meta.url))
const { resolve } = createRequire(`${frontend}/package.json`)
const ofApp = (path) => import(pathToFileURL(`${frontend}/node_modules/${path}`).href)
const { build } = await ofApp('vite/dist/node/index.js')
const { default: vue } = await ofApp('@vitejs/plugin-vue/dist/index.mjs')

await build({
  configFile: false,
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  logLevel: 'warn',
  plugins: [vue()],
  resolve: {
    alias: [
      { find: '@', replacement: `${frontend}/src` },
      // The page stands outside of the app's folder, and uses its packages.
      { find: /^vue$/, replacement: resolve('vue').replace('index.js', 'dist/vue.runtime.esm-bundler.js') },
      { find: /^echarts\/(.*)$/, replacement: `${frontend}/node_modules/echarts/$1.js` },
    ],
  },
  build: { target: 'es2022', outDir: process.argv[2], emptyOutDir: true, chunkSizeWarningLimit: 5000 },
})
