// The laboratory of `make demo`, told to the server under test: once, whoever asks for it first.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { beSignedIn } from './account'
import { baseUrl } from './browser'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export interface Demo {
  /** Ids of batches by the beginning of their name. */
  batch: (slug: string) => string
  as: (page: Page, who: Person) => Promise<void>
  tokenOf: (who: Person) => string
}

export type Person = 'ada' | 'lin' | 'sam' | 'noor'

interface State {
  people: Record<Person, { username: string; password: string; token: string }>
  told: string[]
}

/** Tells what has changed since it was told last; the trainings that go on have no gap then. */
export function tellDemo(): Demo {
  const state = process.env.ARGUS_DEMO_STATE ?? join(process.env.ARGUS_HOME ?? tmpdir(), 'demo-of-tests.json')
  execFileSync(join(ROOT, '.venv/bin/python'), [join(ROOT, 'deploy/local/demo.py'), '--once', '--url', baseUrl()], {
    env: { ...process.env, ARGUS_DEMO_STATE: state, ARGUS_TOKEN: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const { people, told } = JSON.parse(readFileSync(state, 'utf8')) as State
  return {
    batch: (slug) => {
      const found = told.find((id) => new RegExp(`^${slug}-[0-9a-f]{6}$`).test(id))
      if (!found) throw new Error(`The demo tells of no ${slug}.`)
      return found
    },
    as: (page, who) => beSignedIn(page, people[who]),
    tokenOf: (who) => people[who].token,
  }
}
