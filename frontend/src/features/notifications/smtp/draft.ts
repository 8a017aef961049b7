// The mail server as the form holds it.
import type { MailServer, MailServerWish, TrialRequest } from './api'

export const MASK = '***'
export type Security = 'starttls' | 'tls' | 'none'
export const SECURITIES: readonly Security[] = ['starttls', 'tls', 'none']
/** The port that goes with each way of guarding the connection. */
export const PORTS: Record<Security, number> = { starttls: 587, tls: 465, none: 25 }

export interface ServerDraft {
  enabled: boolean
  host: string
  port: number | undefined
  security: Security
  username: string
  /** Empty: the stored one stays, if there is one. */
  password: string
  forget: boolean
  fromAddress: string
  fromName: string
}

export function draftOf(server: MailServer): ServerDraft {
  return {
    enabled: server.enabled ?? true,
    host: server.smtp_host ?? '',
    port: server.smtp_port ?? PORTS.starttls,
    security: server.use_ssl ? 'tls' : server.use_tls ? 'starttls' : 'none',
    username: server.smtp_username ?? '',
    password: '',
    forget: false,
    fromAddress: server.smtp_from_address ?? '',
    fromName: server.smtp_from_name ?? '',
  }
}

/** Another way of guarding the connection, with its usual port where the old one was the usual too. */
export function guarded(draft: ServerDraft, security: Security): ServerDraft {
  return { ...draft, security, port: draft.port === PORTS[draft.security] ? PORTS[security] : draft.port }
}

const guards = ({ security }: ServerDraft) => ({ use_tls: security === 'starttls', use_ssl: security === 'tls' })
const passwordOf = (draft: ServerDraft): string | null => draft.password || (draft.forget ? null : MASK)
const orNull = (text: string): string | null => text.trim() || null

export function wishOf(draft: ServerDraft): MailServerWish {
  return {
    enabled: draft.enabled,
    smtp_host: orNull(draft.host),
    smtp_port: draft.port ?? PORTS[draft.security],
    smtp_username: orNull(draft.username),
    smtp_password: passwordOf(draft),
    smtp_from_address: orNull(draft.fromAddress),
    smtp_from_name: orNull(draft.fromName),
    ...guards(draft),
  }
}

/** What to ask for to try what is typed, saved or not; null without a host. */
export function trialOf(draft: ServerDraft): TrialRequest | null {
  const host = draft.host.trim()
  if (!host) return null
  return { host, port: draft.port ?? PORTS[draft.security], username: orNull(draft.username), password: passwordOf(draft), from_addr: orNull(draft.fromAddress), ...guards(draft) }
}
