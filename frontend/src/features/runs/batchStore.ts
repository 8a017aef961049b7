// Every batch that a page has read, kept true by the live stream.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { getBatch, listBatches, stopBatch, type BatchFilter } from './api'
import { batchFromEvent, foldBatch } from './fold'
import type { Batch } from './types'

export const useBatchStore = defineStore('batches', () => {
  const byId = shallowReactive(new Map<string, Batch>())

  function put(batch: Batch): Batch {
    const before = byId.get(batch.id)
    const next: Batch = { ...before, ...batch, env_snapshot: batch.env_snapshot ?? before?.env_snapshot ?? null }
    byId.set(batch.id, next)
    return next
  }

  /** Reads a batch. On public pages `id` may be the slug of a link: the batch stands under both names. */
  async function load(id: string): Promise<Batch> {
    const batch = put(await getBatch(id))
    if (id !== batch.id) byId.set(id, batch)
    return batch
  }

  async function list(filter: BatchFilter): Promise<Batch[]> {
    return (await listBatches(filter)).map(put)
  }

  /** Asks the running script to leave its loop. The page says so at once; the stream tells when it has. */
  async function stop(id: string): Promise<void> {
    const { status } = await stopBatch(id)
    const batch = byId.get(id)
    if (batch) byId.set(id, { ...batch, status })
  }

  onLiveEvents((events) => {
    for (const event of events) {
      const batch = byId.get(event.batch_id)
      if (batch) byId.set(batch.id, foldBatch(batch, event))
      else if (event.event_type === 'batch_start') byId.set(event.batch_id, batchFromEvent(event))
    }
  })

  return { byId, put, load, list, stop }
})
