// Adds up the gzipped JavaScript that a browser loads before the first page can paint, and fails above the budget.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const BUDGET_KIB = 250
const dist = fileURLToPath(new URL('../dist', import.meta.url))
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))

function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const next of manifest[name]?.imports ?? []) closure(next, seen)
  return seen
}
const gzipped = (name) => gzipSync(readFileSync(join(dist, manifest[name].file))).length

const entry = closure('index.html')
const shell = [...entry].reduce((sum, name) => sum + gzipped(name), 0)
console.log(`entry: ${(shell / 1024).toFixed(1)} KiB gzipped in ${entry.size} files (budget ${BUDGET_KIB} KiB)`)

let worst = shell
for (const name of Object.keys(manifest).filter((key) => /pages\/\w+Page\.vue$/.test(key))) {
  const total = [...closure(name, new Set(entry))].reduce((sum, file) => sum + gzipped(file), 0)
  worst = Math.max(worst, name.includes('home/') ? total : 0)
  console.log(`  with ${name}: ${(total / 1024).toFixed(1)} KiB`)
}
if (worst / 1024 > BUDGET_KIB) {
  console.error('Over budget.')
  process.exit(1)
}
