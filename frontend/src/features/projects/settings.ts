// A project's settings as a form holds them: texts that may be empty, and lists as one text.
import type { ProjectSettings, ProjectSettingsIn } from './api'

export interface SettingsDraft {
  description: string
  metric: string
  direction: '' | 'min' | 'max'
  columns: string
  stallMinutes: number | null
  idleMinutes: number | null
  divergenceRatio: number | null
  divergenceWindow: number | null
}

export interface Limit {
  name: 'stallMinutes' | 'idleMinutes' | 'divergenceRatio' | 'divergenceWindow'
  text: 'stall' | 'idle' | 'ratio' | 'window'
  least: number
  most: number
  digits?: number
}

/** From where on watchdogs speak of the project's batches, where it does not go by the whole server. */
export const LIMITS: readonly Limit[] = [
  { name: 'stallMinutes', text: 'stall', least: 1, most: 10_080, digits: 0 },
  { name: 'idleMinutes', text: 'idle', least: 1, most: 10_080, digits: 0 },
  { name: 'divergenceRatio', text: 'ratio', least: 1, most: 1_000_000 },
  { name: 'divergenceWindow', text: 'window', least: 2, most: 20, digits: 0 },
]

export function draftOf(settings: ProjectSettings): SettingsDraft {
  return {
    description: settings.description ?? '',
    metric: settings.primary_metric ?? '',
    direction: settings.direction ?? '',
    columns: (settings.default_columns ?? []).join(', '),
    stallMinutes: settings.stall_minutes,
    idleMinutes: settings.idle_minutes,
    divergenceRatio: settings.divergence_ratio,
    divergenceWindow: settings.divergence_window,
  }
}

/** What is sent: nothing is said where a field is empty, and no direction without its metric. */
export function settingsOf(draft: SettingsDraft): ProjectSettingsIn {
  const columns = draft.columns.split(/[,\s]+/).filter(Boolean)
  const metric = draft.metric.trim()
  return {
    description: draft.description.trim() || null,
    primary_metric: metric || null,
    direction: (metric && draft.direction) || null,
    default_columns: columns.length > 0 ? columns : null,
    stall_minutes: draft.stallMinutes,
    idle_minutes: draft.idleMinutes,
    divergence_ratio: draft.divergenceRatio,
    divergence_window: draft.divergenceWindow,
  }
}
