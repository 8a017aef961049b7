// What the filters in the URL mean to the server. A target is written `type/id`; a day is the reader's own.
import type { AuditQuery } from './api'

export interface AuditFilters {
  q: string
  action: string
  username: string
  target: string
  ip: string
  from: string
  to: string
}

export function auditQuery(filters: AuditFilters): AuditQuery {
  const [type, ...rest] = filters.target.split('/')
  const wanted: AuditQuery = {
    q: filters.q,
    action: filters.action,
    username: filters.username,
    target_type: type,
    target_id: rest.join('/'),
    ip: filters.ip,
    since: dayBegins(filters.from, 0),
    until: dayBegins(filters.to, 1),
  }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value)) as AuditQuery
}

/** The moment at which a day (YYYY-MM-DD) of the reader begins, `later` days on; nothing for what is no day. */
function dayBegins(day: string, later: number): string | undefined {
  const [year, month, date] = day.split('-').map(Number)
  const begin = new Date(year ?? NaN, (month ?? NaN) - 1, (date ?? NaN) + later)
  return Number.isNaN(begin.getTime()) ? undefined : begin.toISOString()
}
