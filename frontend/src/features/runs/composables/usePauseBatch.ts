// Pausing a batch and letting it go on. Neither loses anything, so neither asks first.
import { message } from 'ant-design-vue'
import { useI18n } from 'vue-i18n'
import { useToldAttempt } from '@/shared/composables/useToldAttempt'
import { useBatchStore } from '../batchStore'

export function usePauseBatch() {
  const { t } = useI18n()
  const store = useBatchStore()
  const { busy, attempt } = useToldAttempt()

  const pause = (id: string): Promise<void> => attempt(() => store.pause(id))
  const resume = (id: string): Promise<void> =>
    attempt(async () => {
      if (!(await store.resume(id))) message.warning(t('runs.pause.byHand'))
    })

  return { busy, pause, resume }
}
