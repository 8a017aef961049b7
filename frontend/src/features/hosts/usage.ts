// What a machine's readings say: shares of what there is, and what should worry.
import type { LiveEvent } from '@/api/live'
import type { HostCardData, Snapshot } from './api'

export type Readings = Pick<
  Snapshot,
  'gpu_util_pct' | 'gpu_mem_mb' | 'gpu_mem_total_mb' | 'gpu_temp_c' | 'cpu_util_pct' | 'ram_mb' | 'ram_total_mb' | 'disk_free_mb' | 'disk_total_mb'
>

const FIELDS = ['gpu_util_pct', 'gpu_mem_mb', 'gpu_mem_total_mb', 'gpu_temp_c', 'cpu_util_pct', 'ram_mb', 'ram_total_mb', 'disk_free_mb', 'disk_total_mb'] as const
const HOT_C = 85
const LITTLE_DISK_MB = 10_000
const SILENT_MS = 5 * 60_000

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)

export const share = (part: number | null, whole: number | null): number | null => (part === null || !whole ? null : (100 * part) / whole)

export function diskUsed(readings: Readings): number | null {
  const free = share(readings.disk_free_mb, readings.disk_total_mb)
  return free === null ? null : 100 - free
}

export const isHot = (readings: Readings): boolean => (readings.gpu_temp_c ?? 0) > HOT_C
export const isDiskLow = (readings: Readings): boolean => readings.disk_free_mb !== null && readings.disk_free_mb < LITTLE_DISK_MB

export function isSilent(lastSeen: string | null, now: number): boolean {
  const at = Date.parse(lastSeen ?? '')
  return Number.isNaN(at) || now - at > SILENT_MS
}

/** The readings of a resource_snapshot event; what it does not mention is unknown. */
export function readingsOf(data: Readonly<Record<string, unknown>>): Readings {
  return Object.fromEntries(FIELDS.map((name) => [name, number(data[name])])) as Readings
}

function gpuList(data: Readonly<Record<string, unknown>>): Snapshot['gpus'] {
  return Array.isArray(data.gpus) ? (data.gpus as Record<string, unknown>[]) : null
}

export function foldHost(host: HostCardData | undefined, event: LiveEvent): HostCardData {
  const name = event.source.host ?? 'unknown'
  const before = host ?? { host: name, running_jobs: 0, running_jobs_top5: [], warnings: [] }
  return { ...before, ...readingsOf(event.data), gpus: gpuList(event.data), host: name, last_seen: event.timestamp }
}

export function snapshotOf(event: LiveEvent): Snapshot {
  const { data } = event
  return {
    id: 0,
    host: event.source.host ?? 'unknown',
    timestamp: event.timestamp,
    batch_id: event.batch_id,
    ...readingsOf(data),
    gpus: gpuList(data),
    pid: number(data.pid),
    proc_cpu_pct: number(data.proc_cpu_pct),
    proc_ram_mb: number(data.proc_ram_mb),
    proc_gpu_mem_mb: number(data.proc_gpu_mem_mb),
  }
}
