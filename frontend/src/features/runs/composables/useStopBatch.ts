// Stopping a batch from a page: ask first, then say what happens.
import { useI18n } from 'vue-i18n'
import { useToldAttempt } from '@/shared/composables/useToldAttempt'
import { useBatchStore } from '../batchStore'

export function useStopBatch() {
  const { t } = useI18n()
  const store = useBatchStore()
  const { busy, attempt } = useToldAttempt()

  /** `what`: what ends with it, where the page shows less than the batch. */
  async function confirmStop(id: string, what?: string): Promise<void> {
    // Front pages stop batches too, and need no dialog before somebody does.
    const { default: Modal } = await import('ant-design-vue/es/modal')
    Modal.confirm({
      title: t('runs.stop.title'),
      content: what ?? t('runs.stop.explain'),
      okText: t('runs.stop.action'),
      okType: 'danger',
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => store.stop(id)),
    })
  }

  return { busy, confirmStop }
}
