import type { Batch } from '@/features/runs'

/** Every word of the search occurs in the batch's id, project, user, host or kind. */
export function matchesText(batch: Batch, search: string): boolean {
  const hay = [batch.id, batch.project, batch.user, batch.host, batch.experiment_type].join('\n').toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word))
}
