// The trash, one kind of it: what is in it, and what can be done about that.
import { message, Modal } from 'ant-design-vue'
import { computed, ref, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { asApiError } from '@/api/errors'
import { useResource } from '@/shared/composables/useResource'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { chosenOf, keyOf, listTrash, purge, restore, type Chosen, type TrashItem, type TrashKind } from './api'

export function useTrash(kind: MaybeRefOrGetter<TrashKind>) {
  const { t } = useI18n()
  const errorText = useErrorText()
  const items = shallowRef<readonly TrashItem[]>([])
  const picked = ref(new Set<string>())
  const cursor = ref<string | null>(null)
  const graceDays = ref<number | null>(null)
  const busy = ref(false)

  const { error, loading, refresh } = useResource(
    async () => {
      const page = await listTrash(toValue(kind))
      items.value = page.items
      cursor.value = page.next_cursor
      graceDays.value = page.grace_days
      picked.value = new Set()
    },
    { key: () => toValue(kind) },
  )

  async function more(): Promise<void> {
    try {
      const page = await listTrash(toValue(kind), cursor.value ?? undefined)
      items.value = [...items.value, ...page.items]
      cursor.value = page.next_cursor
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    }
  }

  async function act(send: (chosen: Chosen) => Promise<{ done: string[]; skipped: { id: string; reason: string }[] }>, some: readonly TrashItem[], said: string): Promise<void> {
    busy.value = true
    try {
      const answer = await send(chosenOf(some))
      const gone = new Set(answer.done)
      items.value = items.value.filter((item) => !gone.has(keyOf(item)))
      picked.value = new Set()
      if (gone.size > 0) message.success(t(said, { count: gone.size }, gone.size))
      if (answer.skipped.length > 0) message.warning(t('trash.skipped', { count: answer.skipped.length }, answer.skipped.length))
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    } finally {
      busy.value = false
    }
  }

  function remove(some: readonly TrashItem[]): void {
    Modal.confirm({
      title: t('trash.purge.title', { count: some.length }, some.length),
      content: t('trash.purge.explain'),
      okText: t('trash.purge.ok'),
      okType: 'danger',
      cancelText: t('common.cancel'),
      onOk: () => act(purge, some, 'trash.purged'),
    })
  }

  function pick(item: TrashItem): void {
    const next = new Set(picked.value)
    if (!next.delete(keyOf(item))) next.add(keyOf(item))
    picked.value = next
  }

  return {
    items,
    picked,
    chosen: computed(() => items.value.filter((item) => picked.value.has(keyOf(item)))),
    isMore: computed(() => cursor.value !== null),
    graceDays,
    busy,
    error,
    loading,
    refresh,
    more,
    pick,
    takeBack: (some: readonly TrashItem[]): Promise<void> => act(restore, some, 'trash.restored'),
    remove,
  }
}
