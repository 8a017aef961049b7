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
