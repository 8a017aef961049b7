// Whether a kind comes to the inbox: by a choice for the project, else by its preference where it has one, else by a mute.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'
import { readPrefs, savePrefs, type NotificationKind, type Prefs } from './api'
import type { Choice } from './choices'
import { readKinds } from './useKinds'

type Schemas = components['schemas']
export type Mute = Schemas['Mute']
export type InboxChoice = Schemas['InboxChoice']

/** All that decides about an inbox. */
export interface Inbox {
  prefs: Prefs
  mutes: readonly Mute[]
  choices: readonly InboxChoice[]
}

export const listMutes = () => ok(client.GET('/api/notifications/mutes'))
export const addMute = (what: Mute) => ok(client.PUT('/api/notifications/mutes', { body: what }))
export const liftMute = (what: Mute) => ok(client.POST('/api/notifications/mutes/lift', { body: what }))
export const listInboxChoices = () => ok(client.GET('/api/me/inbox-choices'))

/** Choices for single projects; null takes one back. Answers with all of them. */
export const saveInboxChoices = (choices: Schemas['InboxChoiceChange'][]) => ok(client.PATCH('/api/me/inbox-choices', { body: { choices } }))

export async function readInbox(): Promise<Inbox> {
  const [prefs, mutes, choices] = await Promise.all([readPrefs(), listMutes(), listInboxChoices()])
  return { prefs, mutes, choices }
}

export const prefOf = (kind: NotificationKind | undefined): keyof Prefs | null => (kind?.inbox_pref as keyof Prefs | null | undefined) ?? null

/** `project` is empty where what holds everywhere is asked for. */
export function inboxChoice(kind: NotificationKind, project: string, { prefs, mutes, choices }: Inbox): Choice {
  const own = choices.find((one) => one.project === project && one.kind === kind.kind)
  if (own) return { isOn: own.shown, by: 'project' }
  const pref = prefOf(kind)
  return { isOn: !(pref && !prefs[pref]) && !mutes.some((mute) => mute.kind === kind.kind && !mute.batch_id), by: 'default' }
}

export async function setKindInInbox(name: string, on: boolean): Promise<void> {
  const pref = prefOf((await readKinds()).find(({ kind }) => kind === name))
  if (pref) await savePrefs({ ...(await readPrefs()), [pref]: on })
  if (on) await liftMute({ kind: name })
  else if (!pref) await addMute({ kind: name })
}

/** No more of it from any project, whatever was chosen there. Returns what brings it back as it was. */
export async function silenceKind(name: string): Promise<() => Promise<void>> {
  const own = (await listInboxChoices()).filter((one) => one.kind === name && one.shown)
  await setKindInInbox(name, false)
  if (own.length) await saveInboxChoices(own.map((one) => ({ ...one, shown: null })))
  return async () => {
    await setKindInInbox(name, true)
    if (own.length) await saveInboxChoices(own)
  }
}
