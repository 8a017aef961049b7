// A job as one side of a comparison: its settings, its environment as rows, its command, packages and uncommitted changes.
import { readEnvironment } from '@/features/environment'
import type { Batch } from '@/features/runs'
import type { Detail } from './api'

export interface JobSide {
  config: Record<string, unknown>
  facts: Record<string, unknown>
  command: string
  packages: string[]
  patch: string
}

// What is shown elsewhere, or tells how the job ended and not how it was set up.
const NOT_SETTINGS = new Set(['config', 'config_digest', 'command', 'run_dir', 'error', 'reason', 'exit_code', 'signal', 'joined', 'resumed'])

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The settings of a job: what it was configured with, else what its batch was, and whatever else its start told. */
export function settingsOf(extra: Detail['extra'], snapshot: Batch['env_snapshot']): Record<string, unknown> {
  const own = isRecord(extra?.config) ? extra.config : isRecord(snapshot?.config) ? snapshot.config : {}
  const rest = Object.fromEntries(Object.entries(extra ?? {}).filter(([key]) => !NOT_SETTINGS.has(key)))
  return { ...rest, ...own }
}

export function sideOf(detail: Detail, batch: Batch | null): JobSide {
  const environment = readEnvironment(batch?.env_snapshot)
  const command = detail.extra?.command
  return {
    config: settingsOf(detail.extra, batch?.env_snapshot ?? null),
    facts: {
      ...(environment?.sha ? { commit: environment.sha.slice(0, 12) } : {}),
      ...Object.fromEntries(environment?.facts.map(({ key, value }) => [key, value]) ?? []),
      ...(detail.host ? { hostname: detail.host } : {}),
    },
    command: typeof command === 'string' ? command : (batch?.command ?? ''),
    packages: environment?.packages ?? [],
    patch: environment?.diff ?? '',
  }
}
