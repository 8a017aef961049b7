// Deliveries and dead letters, for administrators.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type Delivery = Schemas['DeliveryOut']
export type DeliveryStats = Schemas['DeliveryStatsOut']
export type Fate = 'all' | 'queued' | 'sent' | 'failed'

export interface DeliveryFilter {
  status: Fate
  kind: string
  q: string
}

export const readStats = () => ok(client.GET('/api/admin/email/stats'))
export const listDeliveries = (filter: DeliveryFilter, limit: number, before: number | undefined) =>
  ok(client.GET('/api/admin/email/deliveries', { params: { query: { ...filter, limit, before } } }))
export const retrySome = (ids: readonly number[]) => ok(client.POST('/api/admin/email/dead-letter/retry', { params: { query: { ids: ids.join(',') } } }))
export const retryAll = ({ kind, q }: DeliveryFilter) => ok(client.POST('/api/admin/email/dead-letter/retry-all', { params: { query: { kind, q } } }))
