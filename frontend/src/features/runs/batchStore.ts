// Every batch that a page has read, kept true by the live stream.
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import { onLiveEvents } from '@/api/hub'
import { getBatch, listBatches, pauseBatch, resumeBatch, stopBatch, type BatchFilter } from './api'
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

  /** Asks the script to save itself at its next checkpoint and to end. */
  async function pause(id: string): Promise<void> {
    const { status, pause_requested: asked } = await pauseBatch(id)
    const batch = byId.get(id)
    if (batch) byId.set(id, { ...batch, status, pause_requested_at: asked ? (batch.pause_requested_at ?? new Date().toISOString()) : null })
  }

  /** Lets a paused batch go on, or takes a pause back that has not come. False: no agent can, and nothing goes on by itself. */
  async function resume(id: string): Promise<boolean> {
    const { status, command_id: command } = await resumeBatch(id)
    const batch = byId.get(id)
    if (batch) byId.set(id, { ...batch, status, pause_requested_at: null })
    return status !== 'paused' || command !== null
  }

  onLiveEvents((events) => {
    for (const event of events) {
      const batch = byId.get(event.batch_id)
      if (batch) byId.set(batch.id, foldBatch(batch, event))
      else if (event.event_type === 'batch_start') byId.set(event.batch_id, batchFromEvent(event))
    }
  })

  return { byId, put, load, list, pause, resume, stop }
})
