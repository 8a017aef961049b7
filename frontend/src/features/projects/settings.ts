// A project's settings as a form holds them: texts that may be empty, and lists as one text.
import type { ProjectSettings, ProjectSettingsIn } from './api'

export interface SettingsDraft {
  description: string
  metric: string
  direction: '' | 'min' | 'max'
  columns: string
  stallMinutes: number | null
}

export function draftOf(settings: ProjectSettings): SettingsDraft {
  return {
    description: settings.description ?? '',
    metric: settings.primary_metric ?? '',
    direction: settings.direction ?? '',
    columns: (settings.default_columns ?? []).join(', '),
    stallMinutes: settings.stall_minutes,
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
  }
}
