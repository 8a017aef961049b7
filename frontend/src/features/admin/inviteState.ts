// What an invite is good for now.
import type { Invite } from './api'

export type InviteState = 'open' | 'used' | 'expired' | 'revoked'

export function stateOf(invite: Invite, now = Date.now()): InviteState {
  if (invite.revoked) return 'revoked'
  if (invite.uses >= invite.max_uses) return 'used'
  return Date.parse(invite.expires_at) <= now ? 'expired' : 'open'
}
