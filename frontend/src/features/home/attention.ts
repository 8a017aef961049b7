// What may need its reader: how grave each concern is, where it leads, and which ones were put aside.
import type { RouteLocationRaw } from 'vue-router'
import type { Concern } from './api'

export type Severity = 'failed' | 'stalled'

const GRAVE = new Set<Concern['trouble']>(['failed', 'stalled', 'divergent', 'silent_host'])

export const severityOf = (concern: Concern): Severity => (concern.trouble === 'failed' ? 'failed' : 'stalled')

/** The gravest first, and of equals the latest; what was put aside is left out. */
export function inOrder(concerns: readonly Concern[], aside: ReadonlySet<string>): Concern[] {
  const rank = (concern: Concern): number => (GRAVE.has(concern.trouble) ? 0 : 1)
  return concerns.filter(({ key }) => !aside.has(key)).sort((a, b) => rank(a) - rank(b) || b.at.localeCompare(a.at))
}

export function placeOf(concern: Concern): RouteLocationRaw {
  if (concern.job_id && concern.batch_id) {
    return concern.count > 1
      ? { name: 'batch', params: { batchId: concern.batch_id }, query: { tab: 'jobs' } }
      : { name: 'job', params: { batchId: concern.batch_id, jobId: concern.job_id } }
  }
  if (concern.batch_id && concern.trouble !== 'hot') return { name: 'batch', params: { batchId: concern.batch_id } }
  return { name: 'host', params: { host: concern.host ?? '' } }
}

/** Only what still is a concern needs to be remembered as put aside. */
export function stillAside(aside: ReadonlySet<string>, concerns: readonly Concern[]): Set<string> {
  return new Set(concerns.map(({ key }) => key).filter((key) => aside.has(key)))
}
