// Muting from the inbox: a kind by its preference where it has one, a batch for the inbox alone; and taking it back.
import { shallowRef, type ShallowRef } from 'vue'
import { addMute, liftMute, setKindInInbox } from '@/features/notifications'
import { useToldAttempt } from '@/shared/composables/useToldAttempt'
import type { Notification } from './api'

export interface Muted {
  what: 'kind' | 'batch'
  name: string
}

export interface Muting {
  /** What was muted last, and can be taken back. */
  last: ShallowRef<Muted | null>
  mute: (item: Notification, what: Muted['what']) => Promise<void>
  undo: () => Promise<void>
}

export function useMuting(): Muting {
  const { attempt } = useToldAttempt()
  const last = shallowRef<Muted | null>(null)
  return {
    last,
    mute: (item, what) =>
      attempt(async () => {
        const name = what === 'kind' ? item.rule_id : (item.batch_id ?? '')
        await (what === 'kind' ? setKindInInbox(name, false) : addMute({ batch_id: name }))
        last.value = { what, name }
      }),
    undo: () =>
      attempt(async () => {
        const muted = last.value
        if (!muted) return
        await (muted.what === 'kind' ? setKindInInbox(muted.name, true) : liftMute({ batch_id: muted.name }))
        last.value = null
      }),
  }
}
