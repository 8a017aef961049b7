// Runs before the app's code is there, so it imports next to nothing: asks who is signed in, and fetches the code of the
// page that was asked for beside that of the shell, then what it will read, and starts the app. Without it these would begin
// only when all of that is there, and has run.
import { askAhead } from '@/api/ahead/answers'
import { openAhead } from '@/api/ahead/line'
import { renewEarly, SIGNED_IN, type Renewal } from '@/api/refresh'
import { readStored } from '@/shared/browser/storage'
import { preferredLocale } from '@/shared/i18n/preferred'
import { needsOf } from './needs'
import { filesOf, type EarlyPages } from './paths'

const PATIENCE_MS = 150

function fetchCode(file: string): void {
  const link = document.createElement('link')
  link.rel = 'modulepreload'
  link.crossOrigin = ''
  link.href = `/${file}`
  document.head.append(link)
}

/** Reads for the page what it will ask for, once it is known from where on all that happens will be heard. */
function readAhead(renewal: Renewal, path: string, query: URLSearchParams): void {
  const needs = needsOf(path, query)
  if (renewal.kind !== 'renewed' || !needs) return
  const { access_token: token, user } = renewal.answer
  openAhead(user.id, token, needs.channels, () => askAhead(needs.reads, { Authorization: `Bearer ${token}`, 'Accept-Language': preferredLocale() }))
}

/** Its code is on the way already, and would hold up what is asked here if it ran by itself. A failure is reported as any. */
function startApp({ app }: EarlyPages): void {
  void import(/* @vite-ignore */ `/${app}`)
}

async function begin(): Promise<void> {
  const { pathname, search } = window.location
  const query = new URLSearchParams(search)
  const isIn = readStored(SIGNED_IN) === '1'
  // A browser may have six requests at a time, in their order: this one is first. Another tab may be asking, though.
  if (isIn) {
    const { sent, renewal } = renewEarly()
    void renewal.then((known) => readAhead(known, pathname, query))
    await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))])
  }
  const table = JSON.parse(document.getElementById('early-pages')?.textContent ?? '') as EarlyPages
  const language = preferredLocale() === 'zh-CN' ? 'zh' : 'en'
  if (isIn || pathname.startsWith('/public/')) filesOf(table, pathname, query.get('tab'), language).forEach(fetchCode)
  startApp(table)
}

void begin()
