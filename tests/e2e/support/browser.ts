// Which browser and which server the tests use. A browser or a server that is missing is a failure, never a skip.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

export const CHROMIUM_ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function chromiumPath(): string {
  const given = process.env.CHROMIUM_PATH
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM_PATH says ${given}, and there is no file.`)
    return given
  }
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim()
    } catch {
      continue
    }
  }
  throw new Error('No Chromium: install it (apt-get install chromium) or set CHROMIUM_PATH.')
}

export function baseUrl(): string {
  const url = process.env.ARGUS_E2E_URL
  if (!url) throw new Error('ARGUS_E2E_URL is not set: it says where Argus runs, for example http://127.0.0.1:8000.')
  return url.replace(/\/$/, '')
}

export const launchOptions = () => ({ executablePath: chromiumPath(), args: CHROMIUM_ARGS })
