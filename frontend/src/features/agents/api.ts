import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type Agent = components['schemas']['AgentOut']
export type Command = components['schemas']['CommandOut']
export type CommandDetail = components['schemas']['CommandDetail']
export type CommandStep = components['schemas']['CommandStep']

export interface CommandFilter {
  agent_id?: string
  batch_id?: string
  kind?: string
}

const PAGE = 50

export const listAgents = (all: boolean) => ok(client.GET('/api/agents', { params: { query: { all } } }))
export const revokeAgent = (agentId: string) => ok(client.DELETE('/api/agents/{agent_id}', { params: { path: { agent_id: agentId } } }))
export const setAllowed = (agentId: string, usernames: string[]) => ok(client.PUT('/api/agents/{agent_id}/allowed', { params: { path: { agent_id: agentId } }, body: { usernames } }))

export const listCommands = (filter: CommandFilter, cursor?: string) => ok(client.GET('/api/commands', { params: { query: { ...filter, cursor, limit: PAGE } } }))
export const readCommand = (id: string) => ok(client.GET('/api/commands/{cmd_id}', { params: { path: { cmd_id: id } } }))
export const cancelCommand = (id: string) => ok(client.POST('/api/commands/{cmd_id}/cancel', { params: { path: { cmd_id: id } } }))
