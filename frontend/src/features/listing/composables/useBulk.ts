// What can be done to many rows at once.
import { Button, message, notification } from 'ant-design-vue'
import { h } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { useMarkStore } from '@/features/marks'
import { isPausable, isStoppable, useBatchStore } from '@/features/runs'
import { restore } from '@/features/trash'
import { useToldAttempt } from '@/shared/composables/useToldAttempt'
import { deleteBatches, deleteJobs } from '../api'
import { keyOf, type Row } from '../rows'
import type { Source } from '../where'

export const MOST_COMPARED = 32
const UNDO_S = 12
const NAMED = 3

export interface BulkOptions {
  source: Source
  /** Called with the keys of rows that are gone. */
  removed: (keys: ReadonlySet<string>) => void
  /** Called when rows came back. */
  restored: () => void
}

export function useBulk({ source, removed, restored }: BulkOptions) {
  const { t } = useI18n()
  const router = useRouter()
  const marks = useMarkStore()
  const batches = useBatchStore()
  const { busy, attempt } = useToldAttempt()

  function compare(rows: readonly Row[]): void {
    const query = source === 'batches' ? { batches: rows.map((row) => row.batchId).join(',') } : { jobs: rows.map((row) => `${row.batchId}/${row.jobId}`).join(',') }
    void router.push({ path: '/compare', query })
  }

  const star = (rows: readonly Row[]): Promise<void> =>
    attempt(async () => {
      for (const row of rows) await marks.setStar('batch', row.batchId, true)
      message.success(t('listing.done.starred', { count: rows.length }, rows.length))
    })

  const pin = (rows: readonly Row[]): Promise<void> =>
    attempt(async () => {
      await marks.load()
      const fresh = rows.filter((row) => !marks.isPinned(row.batchId))
      for (const row of fresh) await marks.setPin(row.batchId, true)
      message.success(t('listing.done.pinned', { count: rows.length }, rows.length))
    })

  const pause = (rows: readonly Row[]): Promise<void> =>
    attempt(async () => {
      const live = rows.filter((row) => isPausable(String(row.fields.status)))
      for (const row of live) await batches.pause(row.batchId)
      message.success(t('listing.done.pausing', { count: live.length }, live.length))
    })

  const resume = (rows: readonly Row[]): Promise<void> =>
    attempt(async () => {
      const paused = rows.filter((row) => row.fields.status === 'paused')
      let going = 0
      for (const row of paused) going += (await batches.resume(row.batchId)) ? 1 : 0
      if (going > 0) message.success(t('listing.done.resuming', { count: going }, going))
      if (going < paused.length) message.warning(t('runs.pause.byHand'))
    })

  async function stop(rows: readonly Row[]): Promise<void> {
    const live = rows.filter((row) => isStoppable(String(row.fields.status)))
    if (live.length === 0) {
      message.info(t('listing.done.nothingToStop'))
      return
    }
    const { default: Modal } = await import('ant-design-vue/es/modal')
    Modal.confirm({
      title: t('listing.stop.title', { count: live.length }, live.length),
      content: t('runs.stop.explain'),
      okText: t('runs.stop.action'),
      okType: 'danger',
      cancelText: t('common.cancel'),
      onOk: () =>
        attempt(async () => {
          for (const row of live) await batches.stop(row.batchId)
          message.success(t('listing.done.stopping', { count: live.length }, live.length))
        }),
    })
  }

  const jobsOf = (rows: readonly Row[]) => rows.map((row) => ({ batch_id: row.batchId, job_id: row.jobId ?? '' }))

  async function removeAll(rows: readonly Row[]): Promise<void> {
    const answer = await (source === 'batches' ? deleteBatches(rows.map((row) => row.batchId)) : deleteJobs(jobsOf(rows)))
    const names = new Set(answer.deleted)
    const gone = rows.filter((row) => names.has(row.jobId === null ? row.batchId : `${row.batchId}/${row.jobId}`))
    removed(new Set(gone.map((row) => keyOf(row.batchId, row.jobId))))
    if (answer.skipped.length > 0) tellSkipped(answer.skipped)
    if (gone.length > 0) offerUndo(gone)
  }

  function tellSkipped(skipped: readonly { id: string; reason: string }[]): void {
    const reasons = [...new Set(skipped.map((one) => t(`listing.reasons.${one.reason}`, one.reason)))].join(', ')
    const named = skipped.slice(0, NAMED).map((one) => one.id).join(', ')
    notification.warning({ message: t('listing.done.skipped', { count: skipped.length }, skipped.length), description: `${reasons}: ${named}${skipped.length > NAMED ? ' …' : ''}` })
  }

  function offerUndo(gone: readonly Row[]): void {
    const key = `undo-${gone[0]?.key ?? ''}`
    const undo = (): void => {
      notification.close(key)
      void attempt(async () => {
        const done = await restore(source === 'batches' ? { batches: gone.map((row) => row.batchId), jobs: [] } : { batches: [], jobs: jobsOf(gone) })
        if (done.skipped.length > 0) tellSkipped(done.skipped)
        restored()
      })
    }
    notification.open({
      key,
      duration: UNDO_S,
      message: t(`listing.done.deleted.${source}`, { count: gone.length }, gone.length),
      description: t('listing.done.inTrash'),
      btn: () => h(Button, { type: 'primary', size: 'small', onClick: undo, 'data-testid': 'undo' }, () => t('listing.undo')),
    })
  }

  async function remove(rows: readonly Row[]): Promise<void> {
    const { default: Modal } = await import('ant-design-vue/es/modal')
    Modal.confirm({
      title: t(`listing.delete.title.${source}`, { count: rows.length }, rows.length),
      content: t(`listing.delete.explain.${source}`),
      okText: t('listing.actions.delete'),
      okType: 'danger',
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => removeAll(rows)),
    })
  }

  return { busy, compare, star, pin, pause, resume, stop, remove }
}
