// The inbox by day, and within a day by the batch that it is about, the latest first.
import { parseTime } from '@/shared/i18n/format'
import type { Notification } from './api'

export interface InboxGroup {
  key: string
  /** Null: about no batch. */
  batchId: string | null
  items: Notification[]
}

export interface InboxDay {
  /** Any moment of it, in milliseconds since 1970. */
  at: number
  daysAgo: number
  groups: InboxGroup[]
}

const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0)
// Days that change the clock have 23 or 25 hours.
const DAY_MS = 86_400_000

export function groupInbox(items: readonly Notification[], now: number): InboxDay[] {
  const days: InboxDay[] = []
  for (const item of items) {
    const at = parseTime(item.created_at) ?? now
    const daysAgo = Math.max(0, Math.round((midnight(now) - midnight(at)) / DAY_MS))
    let day = days.find((one) => one.daysAgo === daysAgo)
    if (!day) days.push((day = { at, daysAgo, groups: [] }))
    // What is about no batch stands alone: it has nothing in common.
    const key = `${daysAgo}/${item.batch_id ?? `#${item.id}`}`
    const group = day.groups.find((one) => one.key === key)
    if (group) group.items.push(item)
    else day.groups.push({ key, batchId: item.batch_id, items: [item] })
  }
  return days.sort((a, b) => a.daysAgo - b.daysAgo)
}
