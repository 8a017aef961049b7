// Runs before the app's code is there, so it imports next to nothing: asks who is signed in, and fetches the code of the
// page that was asked for beside that of the shell. Without it these would begin only when all of that is there.
import { renewEarly, SIGNED_IN } from '@/api/refresh'
import { readStored } from '@/shared/browser/storage'
import { preferredLocale } from '@/shared/i18n/preferred'
import { filesOf, type EarlyPages } from './paths'

const PATIENCE_MS = 150

function fetchCode(file: string): void {
  const link = document.createElement('link')
  link.rel = 'modulepreload'
  link.crossOrigin = ''
  link.href = `/${file}`
  document.head.append(link)
}

async function begin(): Promise<void> {
  const isIn = readStored(SIGNED_IN) === '1'
  // A browser may have six requests at a time, in their order: this one is first. Another tab may be asking, though.
  if (isIn) await Promise.race([renewEarly(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))])
  const table = document.getElementById('early-pages')?.textContent
  const { pathname, search } = window.location
  if (!table || !(isIn || pathname.startsWith('/public/'))) return
  const language = preferredLocale() === 'zh-CN' ? 'zh' : 'en'
  filesOf(JSON.parse(table) as EarlyPages, pathname, new URLSearchParams(search).get('tab'), language).forEach(fetchCode)
}

void begin()
