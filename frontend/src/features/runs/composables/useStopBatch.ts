// Stopping a batch from a page: ask first, then say what happens.
import { message } from 'ant-design-vue'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asApiError } from '@/api/errors'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { useBatchStore } from '../batchStore'

export function useStopBatch() {
  const { t } = useI18n()
  const errorText = useErrorText()
  const store = useBatchStore()
  const busy = ref(false)

  async function stop(id: string): Promise<void> {
    busy.value = true
    try {
      await store.stop(id)
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    } finally {
      busy.value = false
    }
  }

  async function confirmStop(id: string): Promise<void> {
    // Front pages stop batches too, and need no dialog before somebody does.
    const { default: Modal } = await import('ant-design-vue/es/modal')
    Modal.confirm({
      title: t('runs.stop.title'),
      content: t('runs.stop.explain'),
      okText: t('runs.stop.action'),
      okType: 'danger',
      cancelText: t('common.cancel'),
      onOk: () => stop(id),
    })
  }

  return { busy, confirmStop }
}
