// What a page offers about members; the server has the last word.
import type { Member, ProjectMembers, ProjectRole } from './api'

export const ROLES: readonly ProjectRole[] = ['viewer', 'editor', 'owner']

/** A project with members always has an owner: the only one can be neither removed nor made less. */
export function isLastOwner(member: Member, members: readonly Member[]): boolean {
  return member.role === 'owner' && members.filter((one) => one.role === 'owner').length === 1
}

/** Owners and administrators remove anybody, everybody else themselves. */
export function mayRemove(member: Member, { members, may_manage }: ProjectMembers, selfId: number | undefined): boolean {
  return (may_manage || member.user_id === selfId) && !isLastOwner(member, members)
}
