// Adds up the gzipped JavaScript that a browser loads before each page paints, and fails where that is over the budget:
// the shell, the page, and of what the page loads by itself, such as the panel of a tab, any one.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const BUDGET_KIB = 250
const dist = process.env.ARGUS_WEB_ROOT ?? fileURLToPath(new URL('../dist', import.meta.url))
const { shell, pages } = JSON.parse(readFileSync(join(dist, '.vite/first-paint.json'), 'utf8'))

const sizes = new Map()
function kib(files) {
  for (const name of files) if (!sizes.has(name)) sizes.set(name, gzipSync(readFileSync(join(dist, name))).length / 1024)
  return files.reduce((sum, name) => sum + sizes.get(name), 0)
}

const rows = Object.entries(pages).map(([name, { files, parts }]) => {
  const page = kib(shell) + kib(files)
  const [part, more] = Object.entries(parts).map(([key, needed]) => [key, kib(needed)]).sort((a, b) => b[1] - a[1])[0] ?? ['', 0]
  return { name: name.replace(/^.*\//, '').replace('.vue', ''), page, part, whole: page + more }
})
rows.sort((a, b) => b.whole - a.whole)

console.log(`KiB gzipped before a page paints, alone and with its heaviest part (budget ${BUDGET_KIB}; shell ${kib(shell).toFixed(1)})`)
for (const { name, page, part, whole } of rows) console.log(`${page.toFixed(1).padStart(7)} ${whole.toFixed(1).padStart(7)}  ${name}${part && ` + ${part}`}`)
const over = rows.filter(({ whole }) => whole > BUDGET_KIB)
if (over.length) {
  console.error(`Over the budget: ${over.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}
