// Agents and their commands, as they are now.
import { message, Modal } from 'ant-design-vue'
import { computed, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { asApiError } from '@/api/errors'
import { useLiveChannels } from '@/api/hub'
import type { LiveEvent } from '@/api/live'
import { useRefreshOnEvents } from '@/shared/composables/useRefreshOnEvents'
import { useResource } from '@/shared/composables/useResource'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { cancelCommand, listAgents, listCommands, readCommand, revokeAgent, type Agent, type Command, type CommandFilter } from './api'
import { inOrder, stateOf, type AgentState } from './state'

// A click is followed by a few messages in a row: soon enough to be felt as at once.
const REST_MS = 250
// Of one's own agents, and of commands about a batch that one may see.
const isOfAgents = (event: LiveEvent): boolean => event.event_type === 'agent' || event.event_type === 'command'
/** What moves a batch may be what a command did. */
const MOVES = new Set(['batch_stop_requested', 'batch_pause_requested', 'batch_paused', 'batch_resumed', 'rerun_requested', 'batch_start', 'batch_done', 'batch_failed'])

export function useAgents(all: MaybeRefOrGetter<boolean>) {
  useLiveChannels(['visible'])
  const { t } = useI18n()
  const errorText = useErrorText()
  const { data, error, loading, refresh } = useResource(() => listAgents(toValue(all)), { key: () => toValue(all) })
  useRefreshOnEvents(isOfAgents, refresh, REST_MS)

  function revoke(agent: Agent): void {
    Modal.confirm({
      title: t('agents.revoke.title', { host: agent.hostname }),
      content: t('agents.revoke.explain'),
      okText: t('agents.revoke.ok'),
      okType: 'danger',
      cancelText: t('common.cancel'),
      onOk: async () => {
        try {
          await revokeAgent(agent.id)
          message.success(t('agents.revoke.done', { host: agent.hostname }))
        } catch (cause) {
          message.error(errorText(asApiError(cause)))
        }
        await refresh()
      },
    })
  }

  return { agents: computed(() => data.value && inOrder(data.value)), error, loading, refresh, revoke }
}

export function useCommands(filter: MaybeRefOrGetter<CommandFilter>) {
  const errorText = useErrorText()
  const items = shallowRef<readonly Command[]>([])
  const cursor = shallowRef<string | null>(null)
  const { error, loading, refresh } = useResource(
    async () => {
      const page = await listCommands(toValue(filter))
      items.value = page.items
      cursor.value = page.next_cursor
    },
    { key: () => JSON.stringify(toValue(filter)) },
  )
  useRefreshOnEvents((event) => isOfAgents(event) || MOVES.has(event.event_type), refresh, REST_MS)

  async function more(): Promise<void> {
    try {
      const page = await listCommands(toValue(filter), cursor.value ?? undefined)
      items.value = [...items.value, ...page.items]
      cursor.value = page.next_cursor
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    }
  }

  return { items, error, loading, refresh, more, isMore: computed(() => cursor.value !== null) }
}

export function useCommand(id: MaybeRefOrGetter<string>) {
  const { t } = useI18n()
  const errorText = useErrorText()
  const { data, error, loading, refresh } = useResource(() => readCommand(toValue(id)), { key: () => toValue(id), enabled: () => toValue(id) !== '' })
  useRefreshOnEvents((event) => toValue(id) !== '' && isOfAgents(event), refresh, REST_MS)

  async function cancel(): Promise<void> {
    try {
      await cancelCommand(toValue(id))
      message.success(t('agents.cancelled'))
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    }
    await refresh()
  }

  return { command: data, error, loading, refresh, cancel }
}

/** Whether an agent of one's own stands ready on a host; `null` until that is known. */
export function useHostAgent(host: MaybeRefOrGetter<string | null>) {
  const { data, refresh } = useResource(() => listAgents(false))
  useRefreshOnEvents(isOfAgents, refresh, REST_MS)
  return computed<AgentState | 'none' | null>(() => {
    if (!data.value) return null
    const [best] = inOrder(data.value.filter(({ hostname }) => hostname === toValue(host)))
    return best ? stateOf(best) : 'none'
  })
}

/** The newest command of one kind about a batch, with the steps that it took; `null` while there is none. */
export function useLatestCommand(batchId: MaybeRefOrGetter<string>, kind: string) {
  const { data, refresh } = useResource(
    async () => {
      const [latest] = (await listCommands({ batch_id: toValue(batchId), kind })).items
      return latest ? readCommand(latest.id) : null
    },
    { key: () => toValue(batchId) },
  )
  useRefreshOnEvents((event) => event.batch_id === toValue(batchId) && (event.event_type === 'command' || MOVES.has(event.event_type)), refresh, REST_MS)
  return { command: data }
}
