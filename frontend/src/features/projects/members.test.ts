import { describe, expect, it } from 'vitest'
import type { Member, ProjectMembers, ProjectRole } from './api'
import { isLastOwner, mayRemove } from './members'

const member = (user_id: number, role: ProjectRole): Member => ({ user_id, username: `u${user_id}`, role, created_at: '2026-01-01T00:00:00Z', created_by: null, granted_by: null })
const project = (may_manage: boolean, ...members: Member[]): ProjectMembers => ({ members, role: null, may_manage })

describe('members of a project', () => {
  const [ada, bob, eve] = [member(1, 'owner'), member(2, 'editor'), member(3, 'owner')]

  it('has a last owner only where there is one', () => {
    expect(isLastOwner(ada, [ada, bob])).toBe(true)
    expect(isLastOwner(ada, [ada, bob, eve])).toBe(false)
    expect(isLastOwner(bob, [ada, bob])).toBe(false)
  })

  it.each([
    ['an owner removes an editor', bob, project(true, ada, bob), 1, true],
    ['an owner who is the only one stays', ada, project(true, ada, bob), 1, false],
    ['one of two owners leaves', ada, project(true, ada, eve), 1, true],
    ['an editor leaves', bob, project(false, ada, bob), 2, true],
    ['an editor removes nobody else', eve, project(false, ada, bob, eve), 2, false],
    ['nobody is signed in', bob, project(false, ada, bob), undefined, false],
  ])('%s', (_, one, of, self, may) => {
    expect(mayRemove(one, of, self)).toBe(may)
  })
})
