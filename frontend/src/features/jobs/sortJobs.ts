import { metricValue, type Job } from '@/features/runs'

/** `key` is a column, or `metric:<name>`; a leading `-` turns the order round. Missing values come last either way. */
export function sortJobs(jobs: readonly Job[], order: string): Job[] {
  const down = order.startsWith('-')
  const key = down ? order.slice(1) : order
  const read = reader(key)
  return [...jobs].sort((a, b) => {
    const [x, y] = [read(a), read(b)]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    const difference = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true })
    return (down ? -difference : difference) || a.id.localeCompare(b.id)
  })
}

function reader(key: string): (job: Job) => string | number | null {
  if (key.startsWith('metric:')) return (job) => metricValue(job, key.slice('metric:'.length))
  switch (key) {
    case 'model':
      return (job) => job.model
    case 'dataset':
      return (job) => job.dataset
    case 'status':
      return (job) => job.status
    case 'epoch':
      return (job) => job.progress?.epoch ?? job.last_epoch
    case 'elapsed':
      return (job) => job.elapsed_s
    case 'job':
      return (job) => job.id
    default:
      return (job) => job.start_time
  }
}
