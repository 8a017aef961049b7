import type { components } from '@/api/schema.gen'
import type { ConfigItem } from './api'

export type MailTrialRequest = components['schemas']['TrialRequest']

/** What to ask for to try the mail server that the settings name; null where they name none. */
export function trialOf(items: readonly ConfigItem[]): MailTrialRequest | null {
  const value = (key: string): unknown => items.find((item) => item.key === key)?.value
  const host = value('host')
  if (typeof host !== 'string' || !host) return null
  return {
    host,
    port: Number(value('port') ?? 587),
    username: String(value('user') ?? '') || null,
    // The stored one: it is never shown here.
    password: '***',
    use_tls: value('use_tls') !== false,
    use_ssl: value('use_ssl') === true,
    from_addr: String(value('from') ?? '') || null,
  }
}
