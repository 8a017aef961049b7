import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type HostCardData = components['schemas']['HostCard']
export type Snapshot = components['schemas']['SnapshotOut']
export type HostMetric = 'gpu_util_pct' | 'gpu_mem_mb' | 'cpu_util_pct' | 'ram_mb'

export const readHosts = () => ok(client.GET('/api/hosts', { params: { query: {} } }))
export const readHost = (host: string) => ok(client.GET('/api/hosts/{host}', { params: { path: { host } } }))

export const readSnapshots = (host: string, since: string | undefined, limit: number) =>
  ok(client.GET('/api/resources', { params: { query: { host, since, limit } } }))

export const readTimeseries = (host: string, metric: HostMetric, since: string, bucketSeconds: number) =>
  ok(
    client.GET('/api/hosts/{host}/timeseries', {
      params: { path: { host }, query: { metric, since, bucket_seconds: bucketSeconds } },
    }),
  )

export type GpuTile = components['schemas']['GpuTile']
export type GpuHistory = components['schemas']['GpuHistory']
export type GpuLanes = components['schemas']['GpuLanes']
export type GpuLane = components['schemas']['GpuLane']
export type DiskForecast = components['schemas']['DiskForecast']
export type HostUser = components['schemas']['HostUser']
export type GpuScope = 'all' | 'mine' | 'shared'

export const readGpus = (scope: GpuScope) => ok(client.GET('/api/gpus', { params: { query: { scope } } }))
export const readGpuHistory = (since: string) => ok(client.GET('/api/gpus/history', { params: { query: { since } } }))
export const readLanes = (host: string, since: string) => ok(client.GET('/api/hosts/{host}/gpus', { params: { path: { host }, query: { since } } }))
export const readDisk = (host: string) => ok(client.GET('/api/hosts/{host}/disk', { params: { path: { host } } }))
export const readHostUsers = (host: string, days: number) => ok(client.GET('/api/hosts/{host}/users', { params: { path: { host }, query: { days } } }))
