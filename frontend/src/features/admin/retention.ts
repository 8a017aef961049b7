// What leaves with time: the classes of a sweep, each with the setting that says when. Pure.
import type { components } from '@/api/schema.gen'

export type RetentionStatus = components['schemas']['RetentionStatusOut']
export type RetentionRun = components['schemas']['RetentionRunOut']
export type Swept = components['schemas']['SweepOut']
type Settings = RetentionStatus['settings']

/** By class, the setting of its days; what has none leaves by rules of its own. */
const DAYS: Readonly<Record<string, keyof Settings>> = {
  'resource_snapshot.normal': 'retention_snapshot_days',
  'resource_snapshot.demo': 'retention_demo_data_days',
  'event.log_line': 'retention_log_line_days',
  'event.job_epoch': 'retention_job_epoch_days',
  'event.other': 'retention_event_other_days',
  'batch.deleted': 'retention_deleted_days',
  'job.deleted': 'retention_deleted_days',
  artifact: 'retention_artifact_days',
}

export interface Class {
  name: string
  /** Days that it is kept; 0: for ever; null: nobody set any. */
  days: number | null
  rows: number | null
  bytes: number | null
}

/** Every class that the policy or a sweep names, with what left of it. */
export function classesOf(settings: Settings, rows: Readonly<Record<string, number>> | null, bytes: Readonly<Record<string, number>> | null): Class[] {
  const names = [...new Set([...Object.keys(DAYS).filter((name) => !name.endsWith('.deleted') && name !== 'artifact'), ...Object.keys(rows ?? {})])]
  return names.map((name) => {
    const setting = DAYS[name]
    return { name, days: setting ? settings[setting] : null, rows: rows?.[name] ?? null, bytes: bytes?.[name] ?? null }
  })
}

export const total = (numbers: Readonly<Record<string, number>> | null | undefined): number => Object.values(numbers ?? {}).reduce((sum, one) => sum + Math.max(0, one), 0)

export const runTotal = (run: Pick<RetentionRun, 'classes'>): { rows: number; bytes: number; failed: string[] } => ({
  rows: Object.values(run.classes).reduce((sum, one) => sum + one.rows, 0),
  bytes: Object.values(run.classes).reduce((sum, one) => sum + one.bytes, 0),
  failed: Object.entries(run.classes)
    .filter(([, one]) => one.error !== null)
    .map(([name]) => name),
})
