// What of the list of jobs lives in the address.
import { useQueryNumber, useQueryText } from '@/shared/composables/useQuery'

export const STATUSES = ['running', 'pending', 'failed', 'lost', 'done', 'skipped']
export const SINCE = ['1h', '24h', '7d', '30d']
export type FilterName = 'status' | 'project' | 'host' | 'since' | 'q'

export function useJobQuery() {
  const page = useQueryNumber('page', 1)
  const filters = {
    status: useQueryText<string>('status', ''),
    project: useQueryText<string>('project', ''),
    host: useQueryText<string>('host', ''),
    since: useQueryText<string>('since', ''),
    q: useQueryText<string>('q', ''),
  }
  /** A filter and with it the first page: the present one may not exist any more. */
  function set(name: FilterName, value: string): void {
    filters[name].value = value
    page.value = 1
  }
  return { ...filters, page, set }
}

export type JobQuery = ReturnType<typeof useJobQuery>
