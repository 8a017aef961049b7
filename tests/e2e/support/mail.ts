// Mails that Argus sent while the tests ran, as the mail server of `deploy/local/e2e.py` laid them down.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'

export interface Mail {
  to: string
  subject: string
  text: string
}

function folder(): string {
  const path = process.env.ARGUS_E2E_MAILS
  if (!path) throw new Error('ARGUS_E2E_MAILS is not set: it says where the mails are; deploy/local/e2e sets it.')
  return path
}

const all = (): Mail[] =>
  readdirSync(folder())
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder(), name), 'utf8')) as Mail)

/** The newest mail to an address with such a subject; waits until there is one. */
export async function mailTo(address: string, subject: RegExp): Promise<Mail> {
  const find = (): Mail | undefined => all().findLast((mail) => mail.to === address && subject.test(mail.subject))
  await expect.poll(() => find() !== undefined, { message: `a mail to ${address} about ${subject}`, timeout: 30_000 }).toBe(true)
  return find() as Mail
}

/** Path and query of the link in a mail: the server's own address may be another one than the tests use. */
export function linkIn(mail: Mail): string {
  const found = /https?:\/\/\S+/.exec(mail.text.replace(/=\r?\n/g, ''))
  if (!found) throw new Error(`There is no link in: ${mail.text}`)
  const { pathname, search } = new URL(found[0])
  return pathname + search
}
