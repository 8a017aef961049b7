// One mark of the reader's as a switch: a star on something, or a pin on a batch.
import { message } from 'ant-design-vue'
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { asApiError } from '@/api/errors'
import { useErrorText } from '@/shared/i18n/useErrorText'
import type { Starrable } from './api'
import { MOST_PINS, useMarkStore } from './store'

export interface Mark {
  on: ComputedRef<boolean>
  toggle: () => Promise<void>
}

function useSwitch(): (change: () => Promise<void>) => Promise<void> {
  const errorText = useErrorText()
  const store = useMarkStore()
  void store.load().catch(() => undefined)
  return async (change) => {
    try {
      await change()
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    }
  }
}

export function useStar(type: Starrable, id: MaybeRefOrGetter<string>): Mark {
  const store = useMarkStore()
  const attempt = useSwitch()
  const on = computed(() => store.isStarred(type, toValue(id)))
  return { on, toggle: () => attempt(() => store.setStar(type, toValue(id), !on.value)) }
}

/** Pinned batches wait for a comparison; there is room for four, and a fifth is told so. */
export function usePin(batchId: MaybeRefOrGetter<string>): Mark {
  const { t } = useI18n()
  const store = useMarkStore()
  const attempt = useSwitch()
  const on = computed(() => store.isPinned(toValue(batchId)))
  async function toggle(): Promise<void> {
    if (!on.value && store.isFull) {
      message.warning(t('marks.full', { count: MOST_PINS }))
      return
    }
    const pinning = !on.value
    await attempt(() => store.setPin(toValue(batchId), pinning))
    if (pinning && on.value) message.success(t('marks.pinned', { count: store.pins.length, most: MOST_PINS }))
  }
  return { on, toggle }
}
