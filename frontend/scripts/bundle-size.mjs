// Adds up the gzipped JavaScript that a browser loads before each page paints (the shell, the page, and what these say in
// the longer of the two languages), and with the panel that a page opens with. Fails where one is over its budget.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const BUDGET_KIB = 250
// The panel of the open tab comes beside the page's data, after the first paint: a skeleton stands in for it.
const WITH_PANEL_KIB = 285
const OPENS_WITH = {
  AdminPage: 'UsersPanel',
  BatchPage: 'BatchMatrix',
  ComparePage: 'ComparisonTable',
  JobPage: 'JobOverview',
  ProjectPage: 'ProjectOverviewTab',
  PublicBatchPage: 'BatchMatrix',
  PublicLinkPage: 'BatchMatrix',
  PublicProjectPage: 'LeaderboardPanel',
  SettingsPage: 'ProfilePanel',
  StudyPage: 'StudyOverview',
}
const dist = process.env.ARGUS_WEB_ROOT ?? fileURLToPath(new URL('../dist', import.meta.url))
const { shell, pages } = JSON.parse(readFileSync(join(dist, '.vite/first-paint.json'), 'utf8'))

const sizes = new Map()
function kib(files) {
  for (const name of files) if (!sizes.has(name)) sizes.set(name, gzipSync(readFileSync(join(dist, name))).length / 1024)
  return files.reduce((sum, name) => sum + sizes.get(name), 0)
}

/** In the language that takes more, as a page is read in one. */
const whole = (files, words, more = {}) => Math.max(...Object.keys(words).map((language) => kib([...new Set([...shell, ...files, ...words[language], ...(more[language] ?? [])])])))

const rows = Object.entries(pages).map(([file, { files, words, parts }]) => {
  const name = file.replace(/^.*\//, '').replace('.vue', '')
  const panel = OPENS_WITH[name]
  // Rollup may have joined a small panel with its page.
  const { files: more = [], words: said } = parts[panel] ?? {}
  return { name, page: whole(files, words), panel, opened: panel && whole([...files, ...more], words, said) }
})
rows.sort((a, b) => b.page - a.page)

console.log(`KiB gzipped before a page paints (budget ${BUDGET_KIB}), and with the panel that it opens with (budget ${WITH_PANEL_KIB})`)
for (const { name, page, panel, opened } of rows) console.log(`${page.toFixed(1).padStart(7)} ${(opened?.toFixed(1) ?? '').padStart(7)}  ${name}${panel ? ` + ${panel}` : ''}`)
const over = rows.filter(({ page, opened }) => page > BUDGET_KIB || (opened ?? 0) > WITH_PANEL_KIB)
if (over.length) {
  console.error(`Over the budget: ${over.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}
