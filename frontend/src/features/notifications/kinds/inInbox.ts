// Whether a kind comes to the inbox: by its preference where it has one, else by a mute.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'
import { readPrefs, savePrefs, type NotificationKind, type Prefs } from './api'
import { readKinds } from './useKinds'

export type Mute = components['schemas']['Mute']

export const listMutes = () => ok(client.GET('/api/notifications/mutes'))
export const addMute = (what: Mute) => ok(client.PUT('/api/notifications/mutes', { body: what }))
export const liftMute = (what: Mute) => ok(client.POST('/api/notifications/mutes/lift', { body: what }))

export const prefOf = (kind: NotificationKind | undefined): keyof Prefs | null => (kind?.inbox_pref as keyof Prefs | null | undefined) ?? null

export function isInInbox(kind: NotificationKind, prefs: Prefs, mutes: readonly Mute[]): boolean {
  const pref = prefOf(kind)
  return !(pref && !prefs[pref]) && !mutes.some((mute) => mute.kind === kind.kind && !mute.batch_id)
}

export async function setKindInInbox(name: string, on: boolean): Promise<void> {
  const pref = prefOf((await readKinds()).find(({ kind }) => kind === name))
  if (pref) await savePrefs({ ...(await readPrefs()), [pref]: on })
  if (on) await liftMute({ kind: name })
  else if (!pref) await addMute({ kind: name })
}
