// My notifications: read once, then followed through the `inbox` channel.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { onLiveEvents, onResync, whenLive } from '@/api/hub'
import { currentUser } from '@/api/session'
import { acknowledge, acknowledgeAll, listNotifications, remove, type Notification } from './api'

const LIMIT = 200
// Further back than this nobody reads here.
const MOST = 2_000

export const useInboxStore = defineStore('inbox', () => {
  const items = shallowRef<Notification[]>([])
  const loading = ref(true)
  const error = shallowRef<ApiError | null>(null)
  const hasOlder = ref(false)
  const unread = computed(() => items.value.filter((item) => !item.read_at).length)

  async function load(): Promise<void> {
    try {
      items.value = await listNotifications(LIMIT)
      hasOlder.value = items.value.length === LIMIT
      error.value = null
    } catch (cause) {
      error.value = asApiError(cause)
    }
    loading.value = false
  }

  function put(item: Notification): void {
    items.value = [item, ...items.value.filter((other) => other.id !== item.id)].slice(0, MOST)
  }

  async function older(): Promise<void> {
    // One that was told again stands first with its old number.
    const last = Math.min(...items.value.map(({ id }) => id))
    try {
      const more = await listNotifications(LIMIT, last)
      hasOlder.value = more.length === LIMIT && items.value.length + more.length < MOST
      items.value = [...items.value, ...more]
    } catch (cause) {
      error.value = asApiError(cause)
    }
  }

  /** Changes the list at once; when the server refuses, reads what is true. */
  async function optimistic(next: Notification[], call: () => Promise<unknown>): Promise<void> {
    items.value = next
    try {
      await call()
    } catch (cause) {
      error.value = asApiError(cause)
      await load()
    }
  }

  const read = (item: Notification): Notification => ({ ...item, read_at: item.read_at ?? new Date().toISOString() })

  // Read once: what the stream tells when it opens is not waited for twice.
  let begun = false
  onResync(() => {
    if (begun) void load()
  })
  onLiveEvents((events) => {
    for (const event of events) {
      if (event.event_type === 'notification') put(event as unknown as Notification)
    }
  })
  watch(
    () => currentUser.value?.id,
    async (id) => {
      items.value = []
      loading.value = true
      begun = false
      if (id === undefined) return
      await whenLive()
      if (currentUser.value?.id !== id) return
      begun = true
      await load()
    },
    { immediate: true },
  )

  return {
    items,
    unread,
    loading,
    error,
    hasOlder,
    load,
    older,
    markRead: (id: number) =>
      optimistic(
        items.value.map((item) => (item.id === id ? read(item) : item)),
        () => acknowledge(id),
      ),
    markAllRead: () => optimistic(items.value.map(read), acknowledgeAll),
    remove: (id: number) =>
      optimistic(
        items.value.filter((item) => item.id !== id),
        () => remove(id),
      ),
  }
})
