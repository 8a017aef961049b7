// A rule as its form holds it, what of it is sent, and rules that are ready to be taken.
import { ownZone } from '../digest/zones'
import type { Rule, RuleIn } from './api'

export type Watches = RuleIn['watches']
export type Severity = NonNullable<RuleIn['severity']>
export type QuietHours = NonNullable<RuleIn['quiet_hours']>
export type RuleDraft = Required<Omit<RuleIn, 'quiet_hours'>> & { quiet_hours: QuietHours | null }

export const WATCHES: readonly Watches[] = ['metrics', 'events', 'silence']
export const SEVERITIES: readonly Severity[] = ['info', 'warn', 'error']
export const LASTING: readonly number[] = [0, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400]
export const SILENCES: readonly number[] = LASTING.filter((seconds) => seconds >= 300)
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]

export const emptyDraft = (): RuleDraft => ({
  name: '',
  watches: 'metrics',
  kinds: [],
  condition: '',
  scope: 'mine',
  for_s: 0,
  severity: 'info',
  channels: ['inbox'],
  quiet_hours: null,
  throttle_s: 0,
  grouped: true,
  enabled: true,
})

export const EXAMPLES = {
  good: { watches: 'metrics', condition: 'latest.val_acc > 0.9', severity: 'info' },
  failed: { watches: 'events', kinds: ['job_failed'], severity: 'error', channels: ['inbox', 'mail'] },
  quiet: { watches: 'silence', condition: '', for_s: 1800, severity: 'warn' },
} as const satisfies Record<string, Partial<RuleIn>>
export type Example = keyof typeof EXAMPLES

export const draftOfExample = (example: Example, name: string): RuleDraft => ({ ...emptyDraft(), ...structuredClone(EXAMPLES[example]), name }) as RuleDraft

export function draftOf(rule: Rule): RuleDraft {
  const draft = emptyDraft()
  const found = Object.fromEntries(Object.keys(draft).map((name) => [name, rule[name as keyof RuleDraft]])) as unknown as RuleDraft
  return structuredClone({ ...found, quiet_hours: rule.quiet_hours ?? null })
}

export const usualQuiet = (): QuietHours => ({ from: '22:00', to: '07:00', zone: ownZone(), days: [...EVERY_DAY], let_errors: true })

/** What is sent: nothing that does not belong to what the rule watches. */
export function ruleOf(draft: RuleDraft): RuleIn {
  const isOfEvents = draft.watches === 'events'
  return { ...draft, name: draft.name.trim(), condition: draft.condition.trim(), kinds: isOfEvents ? draft.kinds : [], for_s: isOfEvents ? 0 : draft.for_s }
}

export type RuleProblem = 'nameNeeded' | 'conditionNeeded' | 'kindsNeeded' | 'silenceNeeded' | 'waysNeeded' | 'daysNeeded' | 'alwaysQuiet'

/** What is missing before it can be asked what it would have said; the name is not. */
export function unready(draft: RuleDraft): RuleProblem | null {
  if (draft.watches === 'metrics' && !draft.condition.trim()) return 'conditionNeeded'
  if (draft.watches === 'events' && !draft.kinds.length) return 'kindsNeeded'
  if (draft.watches === 'silence' && draft.for_s < 60) return 'silenceNeeded'
  if (!draft.channels.length) return 'waysNeeded'
  const quiet = draft.quiet_hours
  if (quiet && !quiet.days?.length) return 'daysNeeded'
  return quiet && quiet.from === quiet.to && quiet.days?.length === 7 ? 'alwaysQuiet' : null
}

export const problemOf = (draft: RuleDraft): RuleProblem | null => (draft.name.trim() ? unready(draft) : 'nameNeeded')

const UNITS = [['d', 86_400], ['h', 3600], ['m', 60]] as const

/** As the query language writes it: 30m, 2h. */
export function lastingText(seconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => seconds >= each && seconds % each === 0) ?? (['s', 1] as const)
  return `${seconds / size}${unit}`
}
