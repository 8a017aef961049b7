// What a person chose to be mailed of: a choice for a project decides, else one for all, else what is usual.
import type { NotificationKind, Subscription } from './api'

export interface Choice {
  isOn: boolean
  /** Where it was chosen. */
  by: 'project' | 'all' | 'default'
}

// Under which an older page saved a choice, too.
const ALIASES: Record<string, string> = { batch_completed: 'batch_done' }
const nameOf = (kind: string): string => ALIASES[kind] ?? kind

/** `project` is empty where the choice for all is asked for. */
export function mailChoice(kind: NotificationKind, project: string, chosen: readonly Subscription[]): Choice {
  const of = (where: string): Subscription | undefined =>
    chosen.find((one) => (one.project ?? '') === where && one.event_type === kind.kind) ?? chosen.find((one) => (one.project ?? '') === where && nameOf(one.event_type) === kind.kind)
  const own = project ? of(project) : undefined
  if (own) return { isOn: own.enabled, by: 'project' }
  const all = of('')
  return all ? { isOn: all.enabled, by: 'all' } : { isOn: kind.mailed_by_default, by: 'default' }
}

export const ABOUT = ['batch', 'host', 'account'] as const
export type About = (typeof ABOUT)[number]

/** Kinds by what they are about, in the order of ABOUT; what is about neither batch nor host is about the account. */
export function groupKinds(kinds: readonly NotificationKind[]): { about: About; kinds: NotificationKind[] }[] {
  const aboutOf = (kind: NotificationKind): About => (kind.about === 'batch' || kind.about === 'host' ? kind.about : 'account')
  return ABOUT.map((about) => ({ about, kinds: kinds.filter((kind) => aboutOf(kind) === about) })).filter((group) => group.kinds.length > 0)
}

/** Projects with a choice of their own, about mails or the inbox. */
export const projectsWithChoices = (chosen: readonly { project?: string | null }[]): string[] => [...new Set(chosen.flatMap(({ project }) => (project ? [project] : [])))].sort()
