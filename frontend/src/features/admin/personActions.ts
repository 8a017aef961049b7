// What can be done with a person, by what the account is.
import * as api from './api'
import type { Person } from './api'

export const ACTIONS = ['unlock', 'unban', 'promote', 'verifyEmail', 'endSessions', 'resetPassword', 'demote', 'ban', 'deletePerson'] as const
export type PersonAction = (typeof ACTIONS)[number]

/** These take something away; their buttons say so. */
export const GRAVE: ReadonlySet<PersonAction> = new Set<PersonAction>(['endSessions', 'resetPassword', 'demote', 'ban', 'deletePerson'])

export type PersonState = 'admin' | 'banned' | 'locked' | 'unverified' | 'deleted'

export function isLocked(person: Person, now = Date.now()): boolean {
  return person.locked_until !== null && Date.parse(person.locked_until) > now
}

export function statesOf(person: Person, now = Date.now()): PersonState[] {
  if (person.deleted_at) return ['deleted']
  const states: [PersonState, boolean][] = [
    ['admin', person.is_admin],
    ['banned', !person.is_active],
    ['locked', isLocked(person, now)],
    ['unverified', !person.email_verified],
  ]
  return states.filter(([, holds]) => holds).map(([state]) => state)
}

/** In the order of a menu, the gravest last. Nobody shuts oneself out. */
export function actionsFor(person: Person, self: number | undefined, now = Date.now()): PersonAction[] {
  if (person.deleted_at) return []
  const mine = person.id === self
  const fits: Record<PersonAction, boolean> = {
    unlock: isLocked(person, now),
    unban: !person.is_active,
    promote: !person.is_admin && person.is_active,
    verifyEmail: !person.email_verified,
    endSessions: !mine && person.is_active,
    resetPassword: !mine,
    demote: !mine && person.is_admin,
    ban: !mine && person.is_active,
    deletePerson: !mine,
  }
  return ACTIONS.filter((action) => fits[action])
}

export function perform(action: PersonAction, id: number, reason: string, runs: 'keep' | 'delete'): Promise<unknown> {
  return action === 'deletePerson' ? api.deletePerson(id, reason, runs) : api[action](id, reason)
}
