// A channel as its form holds it, and what of it is sent.
import type { Channel, ChannelIn, ChannelPatch } from './api'

export const KINDS = ['slack', 'feishu', 'webhook', 'apprise'] as const
export type ChannelKind = ChannelIn['kind']

export interface ChannelDraft {
  kind: ChannelKind
  name: string
  /** Empty for one that is there: it stays as it is. */
  url: string
  secret: string
  kinds: string[]
}

export const USUAL_KINDS = ['job_failed', 'batch_failed', 'batch_diverged']

export const emptyDraft = (): ChannelDraft => ({ kind: 'slack', name: '', url: '', secret: '', kinds: [...USUAL_KINDS] })
export const draftOf = (channel: Channel): ChannelDraft => ({ kind: channel.kind, name: channel.name, url: '', secret: '', kinds: [...channel.event_kinds] })

export const takesSecret = (kind: ChannelKind): boolean => kind === 'feishu' || kind === 'webhook'

export function newChannelOf(draft: ChannelDraft): ChannelIn {
  const secret = takesSecret(draft.kind) ? draft.secret.trim() : ''
  return { kind: draft.kind, name: draft.name.trim(), url: draft.url.trim(), secret: secret || null, event_kinds: draft.kinds, enabled: true }
}

/** Only what was changed: another address would drop the secret. */
export function patchOf(draft: ChannelDraft, before: Channel): ChannelPatch {
  const patch: ChannelPatch = {}
  if (draft.name.trim() !== before.name) patch.name = draft.name.trim()
  if (draft.url.trim()) patch.url = draft.url.trim()
  if (takesSecret(draft.kind) && draft.secret.trim()) patch.secret = draft.secret.trim()
  if ([...draft.kinds].sort().join() !== [...before.event_kinds].sort().join()) patch.event_kinds = draft.kinds
  return patch
}

export type DraftProblem = 'nameNeeded' | 'urlNeeded' | 'urlBad' | 'serviceBad' | 'kindsNeeded'

export function problemOf(draft: ChannelDraft, isNew: boolean): DraftProblem | null {
  if (!draft.name.trim()) return 'nameNeeded'
  if (!draft.url.trim() && isNew) return 'urlNeeded'
  const url = draft.url.trim()
  if (url && draft.kind === 'apprise' && !/^[a-z]+:\/\/\S+$/i.test(url)) return 'serviceBad'
  if (url && draft.kind !== 'apprise' && !/^https?:\/\/[^\s/]+/i.test(url)) return 'urlBad'
  return draft.kinds.length ? null : 'kindsNeeded'
}
