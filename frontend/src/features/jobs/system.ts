// What a job's machines did, as lines of small charts: one for each measure, a line for each host.
import type { components } from '@/api/schema.gen'
import type { LiveEvent } from '@/api/live'
import type { LineSeries } from '@/shared/charts'

export type HostReadings = components['schemas']['HostReadings']
type Measure = Exclude<keyof HostReadings, 'host' | 'times'>

export interface SystemChart {
  measure: Measure
  /** Of its own or of all: where a whole is known, the axis ends there. */
  total?: 'gpu_mem_total_mb' | 'ram_total_mb'
  key: 'gpu' | 'vram' | 'temperature' | 'cpu' | 'ram'
  unit: 'percent' | 'memory' | 'degrees'
}

export const SYSTEM_CHARTS: readonly SystemChart[] = [
  { measure: 'gpu_util_pct', key: 'gpu', unit: 'percent' },
  { measure: 'gpu_mem_mb', total: 'gpu_mem_total_mb', key: 'vram', unit: 'memory' },
  { measure: 'gpu_temp_c', key: 'temperature', unit: 'degrees' },
  { measure: 'cpu_util_pct', key: 'cpu', unit: 'percent' },
  { measure: 'ram_mb', total: 'ram_total_mb', key: 'ram', unit: 'memory' },
]

const MEASURES = ['gpu_util_pct', 'gpu_mem_mb', 'gpu_mem_total_mb', 'gpu_temp_c', 'cpu_util_pct', 'ram_mb', 'ram_total_mb', 'proc_cpu_pct', 'proc_ram_mb', 'proc_gpu_mem_mb'] as const satisfies readonly Measure[]
const MOST = 5_000

/** One measure of every host that has it; `place` leads from seconds since 1970 to x. */
export function systemLines(hosts: readonly HostReadings[], measure: Measure, place: (time: number) => number, colour: (host: string, at: number) => string): LineSeries[] {
  return hosts.flatMap((host, at) => {
    const values = host[measure]
    if (!values.some((value) => value !== null)) return []
    return [{ id: host.host, name: host.host, colour: colour(host.host, at), points: { x: Float64Array.from(host.times, place), y: Float64Array.from(values, (value) => value ?? NaN) } }]
  })
}

/** The largest whole that any host told. */
export function wholeOf(hosts: readonly HostReadings[], total: SystemChart['total']): number | undefined {
  const found = total ? hosts.flatMap((host) => host[total].filter((value) => value !== null)) : []
  return found.length > 0 ? found.reduce((most, value) => Math.max(most, value)) : undefined
}

/** The readings with those that a snapshot's event tells behind them; what is not newer is known already. */
export function withReading(hosts: readonly HostReadings[], event: LiveEvent): readonly HostReadings[] {
  const name = event.source.host ?? 'unknown'
  const at = Date.parse(event.timestamp) / 1000
  const before = hosts.find(({ host }) => host === name)
  if (Number.isNaN(at) || at <= (before?.times.at(-1) ?? -Infinity)) return hosts
  const told = (measure: Measure): number | null => (typeof event.data[measure] === 'number' ? event.data[measure] : null)
  const columns = MEASURES.map((measure) => [measure, [...(before?.[measure] ?? []), told(measure)].slice(-MOST)])
  const next = { host: name, times: [...(before?.times ?? []), at].slice(-MOST), ...Object.fromEntries(columns) } as HostReadings
  return before ? hosts.map((host) => (host === before ? next : host)) : [...hosts, next]
}
