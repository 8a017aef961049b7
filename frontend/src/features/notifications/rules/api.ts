// Rules: mine, or a project's. Both are asked alike.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type Rule = Schemas['RuleOut']
export type RuleIn = Schemas['RuleIn']
export type RulePatch = Schemas['RulePatch']
export type RuleTrial = Schemas['RuleTrial']

export interface Rules {
  list: () => Promise<Rule[]>
  add: (body: RuleIn) => Promise<Rule>
  change: (id: number, body: RulePatch) => Promise<Rule>
  remove: (id: number) => Promise<unknown>
  /** What a draft would have said over the last day. */
  preview: (body: RuleIn) => Promise<RuleTrial>
}

const mine: Rules = {
  list: () => ok(client.GET('/api/me/rules')),
  add: (body) => ok(client.POST('/api/me/rules', { body })),
  change: (id, body) => ok(client.PATCH('/api/me/rules/{rule_id}', { params: { path: { rule_id: id } }, body })),
  remove: (id) => ok(client.DELETE('/api/me/rules/{rule_id}', { params: { path: { rule_id: id } } })),
  preview: (body) => ok(client.POST('/api/me/rules/preview', { body })),
}

function ofProject(project: string): Rules {
  const all = { params: { path: { project } } }
  const one = (id: number) => ({ params: { path: { project, rule_id: id } } })
  return {
    list: () => ok(client.GET('/api/projects/{project}/rules', all)),
    add: (body) => ok(client.POST('/api/projects/{project}/rules', { ...all, body })),
    change: (id, body) => ok(client.PATCH('/api/projects/{project}/rules/{rule_id}', { ...one(id), body })),
    remove: (id) => ok(client.DELETE('/api/projects/{project}/rules/{rule_id}', one(id))),
    preview: (body) => ok(client.POST('/api/projects/{project}/rules/preview', { ...all, body })),
  }
}

export const rulesOf = (project: string | undefined): Rules => (project === undefined ? mine : ofProject(project))
