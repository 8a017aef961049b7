// What an agent's facts mean for whoever wants to act on its host.
import type { Agent } from './api'

/** Clocks that differ by less are told as one. */
const SKEW_TOLD_S = 30

export type AgentState = 'online' | 'draining' | 'away'

export const stateOf = (agent: Agent): AgentState => (!agent.is_online ? 'away' : agent.is_draining ? 'draining' : 'online')

/** Seconds by which the host's clock is wrong, where that is worth a word. */
export const skewOf = (agent: Agent): number | null => (agent.clock_skew_s !== null && Math.abs(agent.clock_skew_s) >= SKEW_TOLD_S ? agent.clock_skew_s : null)

/** Those that can be acted on first, then by host. */
export function inOrder(agents: readonly Agent[]): Agent[] {
  const rank: Record<AgentState, number> = { online: 0, draining: 1, away: 2 }
  return [...agents].sort((a, b) => rank[stateOf(a)] - rank[stateOf(b)] || a.hostname.localeCompare(b.hostname) || (a.user ?? '').localeCompare(b.user ?? ''))
}

export interface PolicyFacts {
  isDryRun: boolean
  /** Names of rules that narrow what runs there. */
  rules: string[]
}

const RULES = ['users', 'directories', 'commands', 'deny'] as const

/** The host's own rules, as far as its agent tells of them. */
export function policyOf(agent: Agent): PolicyFacts {
  const told: Record<string, unknown> = agent.policy ?? {}
  return { isDryRun: told.dry_run === true, rules: RULES.filter((name) => Array.isArray(told[name]) && told[name].length > 0) }
}
