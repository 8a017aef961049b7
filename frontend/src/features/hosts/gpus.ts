// The GPUs of a machine, from the list that reporters send; old reporters send one GPU as flat numbers.
import type { HostCardData } from './api'

export interface Gpu {
  index: number
  name: string | null
  use: number | null
  memory: number | null
  memoryTotal: number | null
  temperature: number | null
  power: number | null
  powerLimit: number | null
  slowed: string[]
  memoryErrors: number
}

// Why a card does not clock higher although there is work; the other reasons (idle, a chosen clock) are no trouble.
const TROUBLE = ['slowdown', 'brake', 'thrm', 'ppt', 'board_limit', 'reliability', 'sw_power_cap']
const slowed = (reasons: unknown): string[] =>
  Array.isArray(reasons) ? reasons.filter((reason): reason is string => typeof reason === 'string' && TROUBLE.some((word) => reason.includes(word))) : []

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

export function gpusOf(host: Pick<HostCardData, 'gpus' | 'gpu_util_pct' | 'gpu_mem_mb' | 'gpu_mem_total_mb' | 'gpu_temp_c'>): Gpu[] {
  if (host.gpus?.length) {
    return host.gpus.map((gpu, index) => ({
      index: number(gpu.index) ?? index,
      name: typeof gpu.name === 'string' ? gpu.name : null,
      use: number(gpu.util_pct),
      memory: number(gpu.mem_mb),
      memoryTotal: number(gpu.mem_total_mb),
      temperature: number(gpu.temp_c),
      power: number(gpu.power_w),
      powerLimit: number(gpu.power_limit_w),
      slowed: slowed(gpu.throttle),
      memoryErrors: number(gpu.ecc_uncorrected) ?? 0,
    }))
  }
  if (host.gpu_util_pct === null && host.gpu_mem_mb === null) return []
  const only = { index: 0, name: null, use: host.gpu_util_pct, memory: host.gpu_mem_mb, memoryTotal: host.gpu_mem_total_mb, temperature: host.gpu_temp_c }
  return [{ ...only, power: null, powerLimit: null, slowed: [], memoryErrors: 0 }]
}

/** A machine's cards in one line: the mean of their use, the sum of their memory, the hottest of them. */
export function ofAllGpus(gpus: readonly Gpu[]): Pick<HostCardData, 'gpu_util_pct' | 'gpu_mem_mb' | 'gpu_mem_total_mb' | 'gpu_temp_c'> {
  const told = (field: 'use' | 'memory' | 'memoryTotal' | 'temperature'): number[] => gpus.flatMap((gpu) => gpu[field] ?? [])
  const sum = (values: readonly number[]): number | null => (values.length ? values.reduce((total, value) => total + value, 0) : null)
  const uses = told('use')
  const heats = told('temperature')
  return {
    gpu_util_pct: uses.length ? (sum(uses) as number) / uses.length : null,
    gpu_mem_mb: sum(told('memory')),
    gpu_mem_total_mb: sum(told('memoryTotal')),
    gpu_temp_c: heats.length ? Math.max(...heats) : null,
  }
}
