// Opens the measured page in Chromium, in turns with a bare ECharts, and prints the figures as JSON:
// node run.mjs <folder of the built page> <rounds>. Its own server, because modules load from no file.
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { extname, join, normalize } from 'node:path'
import { execFileSync } from 'node:child_process'

const { chromium } = createRequire(new URL('../../tests/e2e/package.json', import.meta.url))('playwright-core')
const [folder, rounds = '3'] = process.argv.slice(2)
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
const ACTS = { idle: 30, hover: 60, zoom: 60, append: 60 }

const server = createServer((request, response) => {
  const path = normalize(new URL(request.url, 'http://localhost').pathname)
  const file = join(folder, path === '/' ? 'index.html' : path)
  if (!existsSync(file)) return response.writeHead(404).end()
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' })
  createReadStream(file).pipe(response)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const executablePath = process.env.CHROMIUM_PATH ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
const found = { argus: {}, echarts: {} }
for (let round = 0; round < Number(rounds); round += 1) {
  for (const subject of ['argus', 'echarts']) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 600 } })
    page.on('pageerror', (error) => console.error(subject, error.message))
    await page.goto(`http://127.0.0.1:${server.address().port}/?subject=${subject}`)
    await page.waitForFunction(() => window.ready === true)
    // The first picture is not what is measured.
    await page.evaluate(() => window.measure('idle', 30))
    for (const [act, turns] of Object.entries(ACTS)) {
      const figures = await page.evaluate(([name, count]) => window.measure(name, count), [act, turns])
      const all = (found[subject][act] ??= { frames: [], longTasks: [] })
      all.frames.push(...figures.frames)
      all.longTasks.push(...figures.longTasks)
    }
    await page.close()
  }
}
await browser.close()
server.close()
console.log(JSON.stringify(found))
