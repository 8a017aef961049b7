// Muting from the inbox: a kind by its preference where it has one, a batch for the inbox alone; and taking it back.
import { shallowRef, type ShallowRef } from 'vue'
import { addMute, liftMute, silenceKind } from '@/features/notifications'
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
  let takeBack = async (): Promise<void> => undefined

  async function muteBatch(id: string): Promise<() => Promise<void>> {
    await addMute({ batch_id: id })
    return async () => {
      await liftMute({ batch_id: id })
    }
  }

  return {
    last,
    mute: (item, what) =>
      attempt(async () => {
        const name = what === 'kind' ? item.rule_id : (item.batch_id ?? '')
        takeBack = await (what === 'kind' ? silenceKind(name) : muteBatch(name))
        last.value = { what, name }
      }),
    undo: () =>
      attempt(async () => {
        await takeBack()
        last.value = null
      }),
  }
}
