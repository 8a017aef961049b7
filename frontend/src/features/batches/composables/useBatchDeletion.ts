// Deleting a batch from its page: say what is lost, then offer the way back.
import { Button, message } from 'ant-design-vue'
import { h } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { asApiError } from '@/api/errors'
import type { Batch } from '@/features/runs'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { deleteBatch, restoreBatch } from '../api'

const UNDO_SECONDS = 12

export function useBatchDeletion(): { confirmDelete: (batch: Batch) => Promise<void> } {
  const { t } = useI18n()
  const errorText = useErrorText()
  const router = useRouter()

  async function restore(id: string): Promise<void> {
    message.destroy(id)
    try {
      await restoreBatch(id)
      await router.push({ name: 'batch', params: { batchId: id } })
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    }
  }

  async function remove(batch: Batch): Promise<void> {
    try {
      await deleteBatch(batch.id)
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
      return
    }
    const undo = h(Button, { type: 'link', size: 'small', 'data-testid': 'undo-delete', onClick: () => restore(batch.id) }, () => t('batchpage.delete.undo'))
    message.open({ type: 'success', key: batch.id, duration: UNDO_SECONDS, content: h('span', [t('batchpage.delete.done', { id: batch.id }), undo]) })
    await router.push({ name: 'batches' })
  }

  async function confirmDelete(batch: Batch): Promise<void> {
    const { default: Modal } = await import('ant-design-vue/es/modal')
    Modal.confirm({
      title: t('batchpage.delete.title'),
      content: t('batchpage.delete.what', { id: batch.id, count: batch.n_jobs }, batch.n_jobs),
      okText: t('batchpage.delete.ok'),
      okType: 'danger',
      okButtonProps: { 'data-testid': 'confirm-delete' } as object,
      cancelText: t('common.cancel'),
      onOk: () => remove(batch),
    })
  }

  return { confirmDelete }
}
