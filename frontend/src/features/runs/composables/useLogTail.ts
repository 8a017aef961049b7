// The newest log lines of a batch, or of one job of it, followed live.
import { computed, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { onLiveEvents } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { useResource } from '@/shared/composables/useResource'
import { getBatchLog, getJobLog } from '../api'
import { isHeartbeat, type LogLine } from '../log'

const CAPACITY = 5_000
const FIRST_READ = 1_000

interface ReadLine {
  ts: string
  job_id: string | null
  level: string
  line: string
  event_id?: string | null
}

export function useLogTail(batchId: MaybeRefOrGetter<string>, jobId?: MaybeRefOrGetter<string>) {
  const lines = shallowRef<LogLine[]>([])
  const version = shallowRef(0)
  let readKeys = new Set<string>()

  const contentKey = (line: { ts: string; jobId: string | null; line: string }): string => `${line.ts} ${line.jobId} ${line.line}`

  function fromServer(read: readonly ReadLine[]): LogLine[] {
    const seen = new Map<string, number>()
    return [...read]
      .reverse()
      .map((line) => ({ ts: line.ts, jobId: line.job_id, level: line.level.toLowerCase(), line: line.line }))
      .filter((line) => !isHeartbeat(line.level, line.line))
      .map((line) => {
        const content = contentKey(line)
        const nth = (seen.get(content) ?? 0) + 1
        seen.set(content, nth)
        return { ...line, key: `${content} ${nth}` }
      })
  }

  function fromEvent(event: LiveEvent): LogLine | null {
    if (event.event_type !== 'log_line' || event.batch_id !== toValue(batchId)) return null
    if (jobId !== undefined && event.job_id !== toValue(jobId)) return null
    const level = String(event.data.level ?? 'info').toLowerCase()
    const line = String(event.data.line ?? event.data.message ?? '')
    if (isHeartbeat(level, line)) return null
    return { key: event.event_id, ts: event.timestamp, jobId: event.job_id, level, line }
  }

  const { error, loading, refresh } = useResource(
    async () => {
      const job = toValue(jobId)
      const read = job === undefined ? await getBatchLog(toValue(batchId), FIRST_READ) : await getJobLog(toValue(batchId), job, FIRST_READ)
      lines.value = fromServer(read as ReadLine[])
      readKeys = new Set(lines.value.map(contentKey))
      version.value += 1
    },
    { key: () => [toValue(batchId), toValue(jobId)].join('\n') },
  )

  onLiveEvents((events) => {
    const fresh = events
      .map(fromEvent)
      // A line that the first reading already brought may come once more from the stream.
      .filter((line): line is LogLine => line !== null && !readKeys.delete(contentKey(line)))
    if (fresh.length === 0) return
    lines.value = [...lines.value, ...fresh].slice(-CAPACITY)
    version.value += 1
  })

  return { lines: computed(() => lines.value), version, error, loading, refresh }
}
