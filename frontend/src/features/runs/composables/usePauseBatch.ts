// Pausing a batch and letting it go on. Neither loses anything, so neither asks first.
import { message } from 'ant-design-vue'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asApiError } from '@/api/errors'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { useBatchStore } from '../batchStore'

export function usePauseBatch() {
  const { t } = useI18n()
  const errorText = useErrorText()
  const store = useBatchStore()
  const busy = ref(false)

  async function attempt(act: () => Promise<void>): Promise<void> {
    busy.value = true
    try {
      await act()
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    } finally {
      busy.value = false
    }
  }

  const pause = (id: string): Promise<void> => attempt(() => store.pause(id))
  const resume = (id: string): Promise<void> =>
    attempt(async () => {
      if (!(await store.resume(id))) message.warning(t('runs.pause.byHand'))
    })

  return { busy, pause, resume }
}
